//! What the clients ask for, and what they make of answers that are easily read wrong.

use flightdeck::backend::Backend;
use flightdeck::config::{Config, GithubConfig, SlackConfig};
use flightdeck::domain::github::Outcome;
use flightdeck::domain::image::{Place, Registry};
use flightdeck::domain::part::Part;
use flightdeck::sandbox;
use serde_json::{Value, json};

use crate::{CANARY, Peer, Say, backend, say};

fn page(value: &Value) -> Say {
    say(200, &value.to_string())
}

/// Slack's methods that read know no JSON body: what is asked for in one is not heard.
#[tokio::test]
async fn slack_is_asked_for_private_channels_in_a_form() {
    let platform = sandbox::start(sandbox::Options::default()).await.unwrap();
    let config = Config {
        slack: SlackConfig {
            endpoint: Some(format!("{}/slack/api", platform.endpoint())),
            channel: None,
            token: Some(platform.token().into()),
        },
        ..Config::default()
    };
    let backend = Backend::new(&config).await.unwrap();
    let told = backend.estate.slack.workspace().await.unwrap();
    let names: Vec<_> = told.channels.iter().map(|c| c.name.as_str()).collect();
    // A private one, and none that is archived.
    assert_eq!(names, ["dev", "general", "go-live", "ops", "security"]);
    assert!(!told.cut);
}

/// What the SDK's types do not know is in the vendor's own words all the same.
#[tokio::test]
async fn a_service_is_quoted_as_the_vendor_describes_it() {
    let said = json!({"services": [{"serviceName": "api", "brandNewField": {"a": [1, "x"]}}], "failures": []});
    let peer = Peer::start(vec![page(&said)]).await;
    let client = backend(&peer.endpoint, "http://127.0.0.1:1").await;
    let id = flightdeck::domain::service::ServiceId {
        cluster: "shop".into(),
        name: "api".into(),
    };
    let quote = client.estate.quotes.service(&id).await.unwrap();
    assert_eq!((quote.asked, quote.body), ("ecs:DescribeServices", said));
    let (_, headers, body) = &peer.asked()[0];
    let target = "AmazonEC2ContainerServiceV20141113.DescribeServices";
    assert_eq!(headers["x-amz-target"], target);
    let asked: Value = serde_json::from_str(body).unwrap();
    assert_eq!(asked, json!({"cluster": "shop", "services": ["api"]}));
}

#[tokio::test]
async fn a_cursor_that_comes_again_ends_the_list_and_is_told() {
    let channels = json!({
        "ok": true, "team": "T", "user": "u", "url": "", "channels": [{"id": "C1", "name": "ops"}],
        "response_metadata": {"next_cursor": "dGVhbTpD=="},
    });
    let peer = Peer::start(vec![page(&channels)]).await;
    let client = backend("http://127.0.0.1:1", &peer.endpoint).await;
    let told = client.estate.slack.workspace().await.unwrap();
    assert_eq!((told.channels.len(), told.cut), (1, true));
    let asked = peer.asked();
    assert_eq!(asked.len(), 3, "who, a page, and the page that it offers");
    let (_, headers, body) = &asked[2];
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(body.contains("types=public_channel%2Cprivate_channel"));
    assert!(body.contains("cursor=dGVhbTpD%3D%3D"), "{body}");
}

/// A fork's `main` has the name of ours.
#[tokio::test]
async fn a_pull_request_from_a_fork_says_nothing_of_the_default_branch() {
    let run = |id: u64, event: &str, conclusion: &str| {
        json!({
            "id": id, "workflow_id": 7, "run_number": id, "event": event, "head_branch": "main", "head_sha": "abc",
            "status": "completed", "conclusion": conclusion, "html_url": "",
        })
    };
    let both =
        json!({"workflow_runs": [run(2, "pull_request", "success"), run(1, "push", "failure")]});
    let workflow =
        json!({"id": 7, "name": "Build", "path": ".github/workflows/build.yml", "state": "active"});
    let peer = Peer::start(vec![
        page(&json!({"default_branch": "main"})),
        page(&json!({"workflows": [workflow]})),
        page(&both),
        page(&both),
        page(&json!({"jobs": []})),
    ])
    .await;
    let config = Config {
        github: GithubConfig {
            endpoint: Some(peer.endpoint.clone()),
            repository: Some("laser/platform".into()),
            token: Some(CANARY.into()),
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let told = client.estate.github.pipelines().await.unwrap();
    assert_eq!(told.runs.len(), 2, "it ran all the same");
    let verdict = told.workflows[0].verdict().unwrap();
    assert_eq!((verdict.id, verdict.outcome), (1, Outcome::Failed));
}

/// A workflow that others call, or that pull requests alone start, never has a verdict on the branch: that is asked once, not each minute.
#[tokio::test]
async fn workflows_that_never_run_on_the_branch_are_not_asked_about_at_every_look() {
    let workflow = |id: u64, file: &str| json!({"id": id, "name": file, "path": format!(".github/workflows/{file}.yml"), "state": "active"});
    let workflows = json!({"workflows": [workflow(7, "reusable"), workflow(8, "lint")]});
    let none = json!({"workflow_runs": []});
    let run = json!({"workflow_runs": [{
        "id": 2, "name": "lint", "workflow_id": 8, "run_number": 2, "event": "push", "head_branch": "main", "head_sha": "abc",
        "status": "in_progress", "html_url": "",
    }]});
    let peer = Peer::start(vec![
        page(&json!({"default_branch": "main"})),
        page(&workflows),
        page(&none),
        page(&none),
        page(&none),
        page(&none),
        // The second look, and the third, when one of them runs.
        page(&workflows),
        page(&none),
        page(&workflows),
        page(&run),
        page(&run),
        page(&json!({"jobs": []})),
    ])
    .await;
    let config = Config {
        github: GithubConfig {
            endpoint: Some(peer.endpoint.clone()),
            repository: Some("laser/platform".into()),
            token: Some(CANARY.into()),
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let mut looks = Vec::new();
    for asked in [6, 8, 12] {
        let told = client.estate.github.pipelines().await.unwrap();
        assert_eq!(peer.asked().len(), asked, "{:?}", peer.asked());
        looks.push(told.workflows.iter().map(|w| w.runs.len()).sum::<usize>());
    }
    assert_eq!(looks, [0, 0, 1]);
    let (asked, _, _) = &peer.asked()[10];
    assert!(
        asked.contains("/actions/workflows/lint.yml/runs"),
        "{asked}"
    );
    // Requests of forks from a branch of the same name stand among them.
    assert!(asked.contains("per_page=100"), "{asked}");
}

/// A run may be deleted between two questions: what is known of the others stays, and of its own name one is one.
#[tokio::test]
async fn a_run_whose_jobs_are_gone_takes_nothing_away() {
    let run = json!({
        "id": 2, "name": "Build", "workflow_id": 7, "run_number": 2, "event": "push", "head_branch": "main", "head_sha": "abc",
        "status": "completed", "conclusion": "failure", "html_url": "",
    });
    let runs = json!({"workflow_runs": [run, run]});
    let workflow =
        json!({"id": 7, "name": "Build", "path": ".github/workflows/build.yml", "state": "active"});
    let peer = Peer::start(vec![
        page(&json!({"default_branch": "main"})),
        page(&json!({"workflows": [workflow]})),
        page(&runs),
        page(&runs),
        say(404, "{\"message\":\"Not Found\"}"),
    ])
    .await;
    let config = Config {
        github: GithubConfig {
            endpoint: Some(peer.endpoint.clone()),
            repository: Some("laser/platform".into()),
            token: Some(CANARY.into()),
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let told = client.estate.github.pipelines().await.unwrap();
    assert_eq!((told.runs.len(), told.workflows[0].runs.len()), (1, 1));
    assert!(told.looked_into.is_empty());
}

/// What failed and was mended since is told with its jobs and steps, and asked about once: it never changes.
#[tokio::test]
async fn the_jobs_of_a_run_that_failed_before_are_read_once() {
    let run = |id: u64, conclusion: &str| {
        json!({
            "id": id, "name": "Build", "workflow_id": 7, "run_number": id, "event": "push", "head_branch": "main", "head_sha": "abc",
            "status": "completed", "conclusion": conclusion, "html_url": "", "run_started_at": format!("2026-11-2{id}T10:00:00Z"),
        })
    };
    let runs = json!({"workflow_runs": [run(3, "success"), run(2, "failure")]});
    let workflow =
        json!({"id": 7, "name": "Build", "path": ".github/workflows/build.yml", "state": "active"});
    let step = |number: u32, conclusion: &str, from: &str, to: &str| json!({"number": number, "name": "test", "status": "completed", "conclusion": conclusion, "started_at": from, "completed_at": to});
    let jobs = json!({"jobs": [{
        "id": 20, "name": "unit tests", "status": "completed", "conclusion": "failure",
        "started_at": "2026-11-22T10:00:00Z", "completed_at": "2026-11-22T10:02:00Z",
        "steps": [
            step(1, "success", "2026-11-22T10:00:00Z", "2026-11-22T10:00:30Z"),
            step(2, "failure", "2026-11-22T10:00:30Z", "2026-11-22T10:02:00Z"),
        ],
    }]});
    let workflows = json!({"workflows": [workflow]});
    let peer = Peer::start(vec![
        page(&json!({"default_branch": "main"})),
        page(&workflows),
        page(&runs),
        page(&runs),
        page(&jobs),
        page(&jobs),
        page(&workflows),
        page(&runs),
    ])
    .await;
    let config = Config {
        github: GithubConfig {
            endpoint: Some(peer.endpoint.clone()),
            repository: Some("laser/platform".into()),
            token: Some(CANARY.into()),
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let first = client.estate.github.pipelines().await.unwrap();
    let again = client.estate.github.pipelines().await.unwrap();
    assert_eq!(first.looked_into, again.looked_into);
    assert_eq!(
        peer.asked().len(),
        8,
        "neither the jobs nor the branch are asked for again"
    );
    let looked = &again.looked_into[0];
    assert_eq!((looked.run.number, looked.jobs.len()), (2, 1));
    let passed = &again.looked_into[1];
    assert_eq!(
        (passed.run.number, passed.jobs.len()),
        (3, 1),
        "the last one, though it passed"
    );
    let now = jiff::Timestamp::now();
    let job = &looked.jobs[0];
    assert_eq!(job.seconds(now), Some(120));
    let steps: Vec<_> = job.steps.iter().map(|s| s.seconds(now)).collect();
    assert_eq!(steps, [Some(30), Some(90)]);
    // It is shown, and alarms nobody: the workflow passes by now.
    let mut facts = flightdeck::domain::facts::Facts::default();
    facts.estate.pipelines = Part::answered(
        std::sync::Arc::new(again),
        now,
        "github",
        std::time::Duration::from_secs(60),
    );
    let view = flightdeck::present::View::named("pipelines").unwrap();
    let sections = view.make(&facts, now);
    let row = |name: &str, n: usize| {
        let section = sections.iter().find(|s| s.name == name).unwrap();
        section.rows[n].clone()
    };
    let words = |row: &flightdeck::present::Row| {
        let cells = row.cells.iter().map(|c| c.text.as_str());
        cells.collect::<Vec<_>>().join(" ")
    };
    let run = row("runs", 0).thing;
    assert_eq!(
        (&run["number"], &run["jobs"][0]["name"]),
        (&json!(3), &json!("unit tests"))
    );
    let job = row("jobs", 0);
    assert!(
        words(&job).contains("Build #2 unit tests failed"),
        "{}",
        words(&job)
    );
    assert!(words(&job).ends_with("2m 2 of 2: test"), "{}", words(&job));
    assert_eq!(job.worst().weight(), 0, "{job:?}");
    assert!(
        words(&row("steps", 1)).ends_with("2 test failed 1m"),
        "{}",
        words(&row("steps", 1))
    );
    assert_eq!(row("steps", 1).thing["seconds"], 90);
}

#[tokio::test]
async fn a_list_of_findings_that_goes_on_beyond_what_is_read_says_so() {
    let more = |n: usize| {
        let link = format!("</repos/laser/platform/alerts?page={n}>; rel=\"next\"");
        let headers = vec![("content-type", "application/json".into()), ("link", link)];
        Say::This(200, headers, "[]".into())
    };
    for (pages, cut) in [(9, [false; 2]), (30, [true; 2])] {
        let mut script: Vec<Say> = (0..pages).map(more).collect();
        script.push(page(&json!([])));
        let peer = Peer::start(script).await;
        let config = Config {
            github: GithubConfig {
                endpoint: Some(peer.endpoint.clone()),
                repository: Some("laser/platform".into()),
                token: Some(CANARY.into()),
            },
            ..Config::default()
        };
        let client = Backend::new(&config).await.unwrap();
        let told = client.estate.github.findings().await.unwrap();
        let said: Vec<bool> = told.iter().map(|s| s.cut).collect();
        assert_eq!(said, cut, "{pages}");
    }
}

const URI: &str = "1.dkr.ecr.us-east-1.amazonaws.com/laser/api";

/// Asks for the images of a repository whose list is empty, while one of them runs.
async fn registry(reference: &str, answer: Say) -> (Registry, String) {
    let repository = json!({"repositoryName": "laser/api", "repositoryUri": URI});
    let peer = Peer::start(vec![
        page(&json!({"repositories": [repository]})),
        page(&json!({"imageDetails": []})),
        answer,
    ])
    .await;
    let client = backend(&peer.endpoint, "http://127.0.0.1:1").await;
    let running = [reference.to_owned(), "docker.io/library/nginx:1".into()];
    let told = client
        .estate
        .ecr
        .registry(&Part::default(), &running)
        .await
        .unwrap();
    (told, peer.asked()[2].2.clone())
}

#[tokio::test]
async fn an_image_that_runs_is_asked_for_by_itself_where_no_list_holds_it() {
    let image = json!({
        "imageDigest": "sha256:aa", "imageSizeInBytes": 9, "imageTags": ["1.8.2"], "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindingsSummary": {"imageScanCompletedAt": 1_700_000_000.0, "findingSeverityCounts": {}},
    });
    let found = page(&json!({"imageDetails": [image]}));
    for (tail, id) in [
        (":1.8.2", r#""imageIds":[{"imageTag":"1.8.2"}]"#),
        ("@sha256:aa", r#""imageIds":[{"imageDigest":"sha256:aa"}]"#),
        (
            ":1.8.2@sha256:aa",
            r#""imageIds":[{"imageDigest":"sha256:aa"}]"#,
        ),
    ] {
        let reference = format!("{URI}{tail}");
        let (told, asked) = registry(&reference, found.clone()).await;
        assert!(asked.contains(id), "{asked}");
        assert!(matches!(told.place(&reference), Place::Here(i) if i.digest == "sha256:aa"));
    }
    let reference = format!("{URI}:1.8.2");
    let none = say(400, r#"{"__type":"ImageNotFoundException"}"#);
    let (told, _) = registry(&reference, none).await;
    assert_eq!(told.place(&reference), Place::Gone);
    let no = say(400, r#"{"__type":"AccessDeniedException"}"#);
    let (told, _) = registry(&reference, no).await;
    assert_eq!(told.place(&reference), Place::Unread);
    assert!(
        told.missing[0].starts_with(&reference),
        "{:?}",
        told.missing
    );
    assert_eq!(told.place("docker.io/library/nginx:1"), Place::Elsewhere);
}

/// A build of buildx is an index, and what is scanned is what it names: that may be in no list, either.
#[tokio::test]
async fn an_image_that_an_index_names_is_asked_for_where_no_list_holds_it() {
    let index = "application/vnd.oci.image.index.v1+json";
    let list = json!({"imageDigest": "sha256:list", "imageSizeInBytes": 9, "imageTags": ["1.8.2"], "imageManifestMediaType": index});
    let manifest = json!({"manifests": [{"digest": "sha256:aa", "platform": {"os": "linux"}}]});
    let image = json!({
        "imageDigest": "sha256:aa", "imageSizeInBytes": 9, "imageScanStatus": {"status": "COMPLETE"},
        "imageScanFindingsSummary": {"imageScanCompletedAt": 1_700_000_000.0, "findingSeverityCounts": {}},
    });
    let scanned = page(&json!({"imageDetails": [image]}));
    let none = say(400, r#"{"__type":"ImageNotFoundException"}"#);
    for (answer, is_scanned) in [(scanned, true), (none, false)] {
        let repository = json!({"repositoryName": "laser/api", "repositoryUri": URI});
        let peer = Peer::start(vec![
            page(&json!({"repositories": [repository]})),
            page(&json!({"imageDetails": []})),
            page(&json!({"imageDetails": [list]})),
            page(&json!({"images": [{"imageManifest": manifest.to_string()}]})),
            answer,
        ])
        .await;
        let client = backend(&peer.endpoint, "http://127.0.0.1:1").await;
        let reference = format!("{URI}:1.8.2");
        let running = [reference.clone()];
        let before = Part::default();
        let asked = client.estate.ecr.registry(&before, &running);
        let told = asked.await.unwrap();
        assert!(peer.asked()[4].2.contains("sha256:aa"));
        let Place::Here(image) = told.place(&reference) else {
            panic!("{told:?}")
        };
        assert_eq!(image.scan.is_done(), is_scanned);
        assert_eq!(image.is_untold_index(), !is_scanned, "unknown, not never");
    }
}
