//! The zone `laser.example`, and what it answers (RFC 1034, 1035, 2308).

use std::net::Ipv4Addr;
use std::str::FromStr;

use hickory_proto::ProtoError;
use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, CAA, MX, NS, SOA, TXT};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::hosts::{APEX, HOSTS};

/// Seconds for which an answer may be kept.
const TTL_S: u32 = 60;

/// Octets of an answer over UDP that every client takes (RFC 6891, section 6.2.5, and DNS flag day 2020).
const PAYLOAD: u16 = 1_232;

/// Names that lead to this machine, beside the hosts.
const OTHERS: [&str; 4] = [
    APEX,
    "ns1.laser.example",
    "ns2.laser.example",
    "mail.laser.example",
];

/// The zone.
#[derive(Debug)]
pub struct Zone {
    apex: Name,
    start: Record,
    records: Vec<Record>,
}

impl Zone {
    /// The zone of the platform's hosts.
    ///
    /// # Errors
    /// Where a name of the tables is none.
    pub fn new() -> Result<Self, ProtoError> {
        let name = |text: &str| Name::from_str(&format!("{text}."));
        let apex = name(APEX)?;
        let at_apex = |data: RData| Record::from_rdata(apex.clone(), TTL_S, data);
        let text = |words: &str| RData::TXT(TXT::new(vec![words.to_owned()]));
        let start = at_apex(RData::SOA(SOA::new(
            name("ns1.laser.example")?,
            name("hostmaster.laser.example")?,
            1,
            7_200,
            900,
            1_209_600,
            TTL_S,
        )));
        let mut records = vec![
            start.clone(),
            at_apex(RData::NS(NS(name("ns1.laser.example")?))),
            at_apex(RData::NS(NS(name("ns2.laser.example")?))),
            at_apex(RData::MX(MX::new(10, name("mail.laser.example")?))),
            at_apex(text("v=spf1 mx -all")),
            at_apex(RData::CAA(CAA::new_issue(
                false,
                Some(Name::from_str("letsencrypt.org")?),
                Vec::new(),
            ))),
            Record::from_rdata(
                name("_dmarc.laser.example")?,
                TTL_S,
                text("v=DMARC1; p=reject; rua=mailto:hostmaster@laser.example"),
            ),
        ];
        for host in OTHERS.into_iter().chain(HOSTS.iter().map(|h| h.name)) {
            let here = RData::A(A(Ipv4Addr::LOCALHOST));
            records.push(Record::from_rdata(name(host)?, TTL_S, here));
        }
        Ok(Self {
            apex,
            start,
            records,
        })
    }

    /// The answer to a message; `None` for what is no question, which stays unanswered.
    pub fn answer(&self, packet: &[u8]) -> Option<Vec<u8>> {
        let asked = Message::from_vec(packet).ok()?;
        if asked.metadata.message_type != MessageType::Query {
            return None;
        }
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.metadata = Metadata::response_from_request(&asked.metadata);
        if asked.edns.is_some() {
            let mut edns = Edns::new();
            edns.set_max_payload(PAYLOAD);
            answer.set_edns(edns);
        }
        answer.add_queries(asked.queries.iter().cloned());
        match (asked.metadata.op_code, asked.queries.as_slice()) {
            (OpCode::Query, [question]) => self.fill(question, &mut answer),
            (OpCode::Query, _) => answer.metadata.response_code = ResponseCode::FormErr,
            _ => answer.metadata.response_code = ResponseCode::NotImp,
        }
        answer.to_vec().ok()
    }

    fn fill(&self, question: &Query, answer: &mut Message) {
        if question.query_class() != DNSClass::IN {
            answer.metadata.response_code = ResponseCode::Refused;
            return;
        }
        let ours = self.apex.zone_of(question.name());
        answer.metadata.authoritative = ours;
        // It plays the resolver of the whole machine, too, in a world without other names.
        answer.metadata.recursion_available = true;
        let mut known = false;
        for record in self.records.iter().filter(|r| &r.name == question.name()) {
            known = true;
            let kind = question.query_type();
            if kind == record.record_type() || kind == RecordType::ANY {
                answer.add_answer(record.clone());
            }
        }
        if !known {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        if answer.answers.is_empty() && ours {
            answer.add_authority(self.start.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, kind: RecordType) -> Message {
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_str(name).unwrap(), kind));
        let zone = Zone::new().unwrap();
        let answer = zone.answer(&question.to_vec().unwrap()).unwrap();
        Message::from_vec(&answer).unwrap()
    }

    #[test]
    fn a_name_without_a_record_of_a_kind_is_no_unknown_name() {
        let six = ask("API.laser.example.", RecordType::AAAA);
        assert_eq!(six.metadata.response_code, ResponseCode::NoError);
        assert!(six.answers.is_empty());
        assert_eq!(six.authorities.len(), 1, "without SOA nobody may keep it");
        let none = ask("shop.laser.example.", RecordType::A);
        assert_eq!(none.metadata.response_code, ResponseCode::NXDomain);
    }

    #[test]
    fn what_is_no_question_stays_unanswered() {
        let zone = Zone::new().unwrap();
        assert!(zone.answer(b"").is_none());
        assert!(zone.answer(&[0xff; 40]).is_none());
        let answer = ask("laser.example.", RecordType::A).to_vec().unwrap();
        assert!(zone.answer(&answer).is_none(), "or two would talk forever");
    }
}
