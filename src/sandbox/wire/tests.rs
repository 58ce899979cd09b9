use std::io::Write;

use http::{HeaderMap, HeaderValue, Method, Uri};
use proptest::prelude::*;

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(k, v)| {
            (
                http::HeaderName::from_static(k),
                HeaderValue::from_str(v).unwrap(),
            )
        })
        .collect()
}

fn ask(path: &str, pairs: &[(&'static str, &str)], body: &[u8]) -> Result<Call, Rejection> {
    decode(
        &Method::POST,
        &path.parse::<Uri>().unwrap(),
        &headers(pairs),
        body,
    )
}

const RPC: &str = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms";

#[test]
fn json_names_its_operation_in_the_target() {
    let target = [(
        "x-amz-target",
        "AmazonEC2ContainerServiceV20141113.ListTasks",
    )];
    let got = ask("/", &target, br#"{"cluster":"a","maxResults":10}"#).unwrap();
    assert_eq!(
        (got.service, got.protocol),
        (Service::Ecs, Protocol::Json11)
    );
    assert_eq!(got.operation, "ListTasks");
    assert_eq!(got.input.get("maxResults").as_i64(), Some(10));
    let response = encode(&got, Ok(map([("at", Node::Time(1.5)), ("no", Node::Null)])));
    assert_eq!(response.body(), br#"{"at":1.5}"#);
}

#[test]
fn a_form_becomes_a_tree_with_lists_in_the_order_of_their_numbers() {
    let body =
        b"Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.10=j&AlarmNames.member.2=b+b\
        &Metrics.member.1.MetricStat.Period=60&AlarmNamePrefix=a%2Fb%zz&AlarmTypes=";
    let got = ask("/", &[], body).unwrap();
    assert_eq!(
        (got.service, got.protocol),
        (Service::CloudWatch, Protocol::Query)
    );
    assert_eq!(got.input.get("AlarmNames").as_strs(), ["b b", "j"]);
    let first = &got.input.get("Metrics").as_list()[0];
    assert_eq!(first.get("MetricStat").get("Period").as_i64(), Some(60));
    assert_eq!(got.input.get("AlarmNamePrefix").as_str(), Some("a/b%zz"));
    assert!(got.input.get("AlarmTypes").as_list().is_empty());
}

#[test]
fn lists_are_called_as_the_services_model_calls_them() {
    let body = b"Action=DescribeDBInstances&Version=2014-10-31&Filters.Filter.1.Name=engine\
        &Filters.Filter.1.Values.Value.1=postgres&Filters.Filter.1.Values.Value.2=mysql&Only.member=x";
    let got = ask("/", &[], body).unwrap();
    assert_eq!(
        (got.service, got.region.as_str()),
        (Service::Rds, "us-east-1")
    );
    let filter = &got.input.get("Filters").as_list()[0];
    assert_eq!(filter.get("Values").as_strs(), ["postgres", "mysql"]);
    assert_eq!(got.input.get("Only").get("member").as_str(), Some("x"));
    let reply = map([("DBInstances", list([map([("Tags", list(["a"]))])]))]);
    let text = String::from_utf8(encode(&got, Ok(reply)).into_body()).unwrap();
    let inside =
        "<DBInstances><DBInstance><Tags><member>a</member></Tags></DBInstance></DBInstances>";
    assert!(text.contains(inside), "{text}");
}

#[test]
fn a_lone_numbered_parameter_is_a_list_of_one() {
    let got = ask("/", &[], b"Action=X&Version=2015-12-01&Names.1=a").unwrap();
    assert_eq!(got.input.get("Names").as_strs(), ["a"]);
}

#[test]
fn xml_holds_nothing_that_a_parser_would_choke_on() {
    let call = ask("/", &[], b"Action=X&Version=2015-12-01").unwrap();
    let reply = map([
        ("Names", list(["a<b", "\u{1b}[31m"])),
        ("At", Node::Time(0.5)),
    ]);
    let text = String::from_utf8(encode(&call, Ok(reply)).into_body()).unwrap();
    assert!(
        text.contains("<XResult><Names><member>a&lt;b</member><member>\u{fffd}[31m</member></Names><At>1970-01-01T00:00:00.500Z</At></XResult>"),
        "{text}"
    );
}

#[test]
fn an_error_has_the_name_that_each_protocol_gives_it() {
    let error = || ApiError::new("TargetGroupNotFoundException", "none & nothing");
    let call = ask("/", &[], b"Action=X&Version=2015-12-01").unwrap();
    let text = String::from_utf8(encode(&call, Err(error())).into_body()).unwrap();
    assert!(text.contains(
        "<Type>Sender</Type><Code>TargetGroupNotFound</Code><Message>none &amp; nothing</Message>"
    ));

    let call = ask(RPC, &[("smithy-protocol", "rpc-v2-cbor")], &[]).unwrap();
    let response = encode(
        &call,
        Err(ApiError::new("LimitExceededFault", "m").with_status(500)),
    );
    assert_eq!(
        response.headers()["x-amzn-query-error"],
        "LimitExceeded;Receiver"
    );
    assert_eq!(response.headers()["smithy-protocol"], "rpc-v2-cbor");
    let read = cbor::read(response.body()).unwrap();
    assert_eq!(
        read.get("__type").as_str(),
        Some("com.amazonaws.cloudwatch#LimitExceededFault")
    );
}

#[test]
fn cbor_of_unknown_length_and_compressed_is_read() {
    // {_ "StartTime": 1(1.5), "Ids": [_ -1, "x"]}
    let body = b"\xbf\x69StartTime\xc1\xfb\x3f\xf8\0\0\0\0\0\0\x63Ids\x9f\x20\x61x\xff\xff";
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(body).unwrap();
    let zipped = zip.finish().unwrap();
    let pairs = [
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-encoding", "gzip"),
    ];
    let got = ask(RPC, &pairs, &zipped).unwrap();
    assert_eq!(got.operation, "DescribeAlarms");
    assert_eq!(got.input.get("StartTime").as_time(), Some(1.5));
    assert_eq!(
        got.input.get("Ids"),
        &list([Node::Int(-1), Node::from("x")])
    );
}

#[test]
fn what_is_not_played_is_refused_in_the_protocol_of_the_question() {
    for (path, pairs, body) in [
        ("/", vec![("x-amz-target", "AmazonSSM.X")], &b"{}"[..]),
        ("/", vec![("x-amz-target", "Logs_20140328.X")], b"{"),
        ("/", vec![], b"x"),
        ("/", vec![], b"Action=X&Version=1999-01-01"),
        (RPC, vec![], b""),
        (RPC, vec![("smithy-protocol", "rpc-v2-cbor")], b"\x01"),
    ] {
        let response = ask(path, &pairs, body).unwrap_err().into_response();
        assert_eq!(response.status(), 400);
        assert!(response.headers().contains_key("x-amzn-requestid"));
    }
}

#[test]
fn the_signer_is_read_from_the_scope() {
    let value = "AWS4-HMAC-SHA256 Credential=AK/ID/20250101/eu-west-1/monitoring/aws4_request, SignedHeaders=host, Signature=00";
    let got = scope(&headers(&[("authorization", value)])).unwrap();
    assert_eq!(
        (
            got.key_id.as_str(),
            got.region.as_str(),
            got.service.as_str()
        ),
        ("AK/ID", "eu-west-1", "monitoring")
    );
    assert_eq!(credential(&headers(&[("authorization", "AWS4-x y")])), None);
}

fn any_node() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Int),
        (-1e300..1e300).prop_map(Node::Float),
        ".*".prop_map(Node::Str),
        (-1e9..1e9).prop_map(Node::Time),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..4)
                .prop_map(|m| Node::Map(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(
        body in prop::collection::vec(any::<u8>(), 0..300),
        kind in 0..5usize,
    ) {
        let (path, pairs): (&str, &[(&'static str, &str)]) = match kind {
            0 => ("/", &[]),
            1 => ("/", &[("x-amz-target", "Logs_20140328.X")]),
            2 => (RPC, &[("smithy-protocol", "rpc-v2-cbor")]),
            3 => (RPC, &[("smithy-protocol", "rpc-v2-cbor"), ("content-encoding", "gzip")]),
            _ => ("/", &[("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/sts/d")]),
        };
        let _ = ask(path, pairs, &body);
    }

    #[test]
    fn hostile_forms_never_panic(body in "(Action=X|[A-Za-z]{0,3}|\\.member\\.|\\.[0-9]{0,25}|=|&|%[0-9a-f]{0,2}){0,40}") {
        let _ = ask("/", &[], format!("Action=X&Version=2011-06-15&{body}").as_bytes());
    }

    #[test]
    fn cbor_comes_back_as_it_went(node in any_node()) {
        let whole = map([("n", node)]);
        prop_assert_eq!(cbor::read(&cbor::write(&whole)).unwrap(), whole);
    }
}
