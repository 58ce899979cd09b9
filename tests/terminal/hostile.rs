//! Names, sentences and log lines that hold escape sequences, bidi overrides, zero-width and wide characters: shown, never obeyed, on
//! every screen and every page of the systems.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use flightdeck::present::VIEWS;

use crate::outflow;
use crate::platform::{self, Platform};
use crate::screen::Screen;
use crate::stories::{self, SCREENS};

/// The screens beyond the numbered ones, the systems last.
const MORE: &[(&str, &str)] = &[
    ("9", "┌ Dashboards"),
    ("0", "┌ Success metrics"),
    ("M", "┌ Health map"),
    ("i", "┌ Systems"),
];

/// How long a row of the systems may take to be found: one that does not apply is not there.
const FOUND: Duration = Duration::from_secs(2);

/// Words of vendors' sentences and what takes their places: as many bytes, so that no length on the wire tells of it. The first is an
/// escape sequence where the body is JSON.
const SWAPS: &[(&str, &str)] = &[
    (" with ", "\\u001b"),
    (" the ", " \u{202e} "),
    (" has ", " \u{2066} "),
    (" for ", " \u{feff} "),
    (" and ", " \u{85}  "),
    (" of ", " \u{200b}"),
    (" in ", "\u{2028} "),
    (" is ", " \u{61c} "),
    (" to ", " \u{9b} "),
];

/// What was seen on a walk: pages of the systems, and pictures with an escape spelled out.
#[derive(Default)]
struct Seen {
    pages: Vec<&'static str>,
    spelled: usize,
}

impl Seen {
    fn look(&mut self, text: &str) {
        self.spelled += usize::from(text.contains("\\u{"));
    }
}

/// Opens every screen, what is selected there, and every page of the systems.
fn walk(screen: &mut Screen) -> Seen {
    let mut seen = Seen::default();
    for (key, title) in SCREENS.iter().chain(MORE) {
        screen.press(key);
        seen.look(&screen.wait(title, |s| s.contains(*title)));
        let (row, page) = match *key {
            "3" => ("pdf-render", "vents"),
            "5" => ("laser-prod-api", "History"),
            _ => {
                screen.press("j j k");
                continue;
            }
        };
        // Before there is a row Enter opens nothing.
        screen.wait_text(row);
        screen.press("j j k Enter");
        seen.look(&screen.wait_text(page));
    }
    for view in VIEWS.iter().filter(|v| v.is_listed() && v.id != "map") {
        screen.press("/");
        let typed = view.title.to_lowercase();
        screen.send(typed.as_bytes());
        screen.press("Enter g");
        let name: String = view.title.chars().take(15).collect();
        let found = |s: &str| stories::selected(s).contains(&name);
        let none = format!("nothing matches {typed:?}");
        let list = screen.seen(FOUND, |s| found(s) || s.contains(&none));
        let Some(list) = list.ok().filter(|s| found(s)) else {
            continue;
        };
        seen.look(&list);
        screen.press("Enter");
        let title = format!("┌ {}", view.title);
        seen.look(&screen.wait(view.title, |s| s.contains(&title)));
        seen.pages.push(view.id);
        screen.press("Tab G k g h");
        screen.wait_text("┌ Systems");
    }
    seen
}

/// Ends it, and looks at every byte that it wrote.
fn look_at_all(mut screen: Screen) {
    screen.press("q");
    screen.ended(Duration::from_secs(2));
    if let Err(what) = outflow::check(&screen.raw()) {
        panic!("{what}");
    }
}

#[test]
fn nothing_that_acts_on_a_terminal_leaves_any_screen() {
    let mut screen = Screen::demo(140, 45);
    let seen = walk(&mut screen);
    assert!(seen.pages.len() >= 20, "pages: {:?}", seen.pages);
    // The sandbox's logs carry hostile lines on purpose: they are shown with their escapes spelled out. They are rare, so
    // that a filter looks for them in all that was read, not only in what fits the screen.
    screen.press("7");
    screen.press("/");
    screen.press("HOSTILE Enter");
    screen.wait("a hostile log line, shown inert", |s| {
        s.contains("\\e[") || s.contains("\\u{202e}") || s.contains("\\u{200b}")
    });
    look_at_all(screen);
}

/// The same where every sentence of AWS is hostile, and a name that others chose.
#[test]
fn hostile_sentences_and_names_are_spelled_out_on_every_screen() {
    let platform = Platform::start(20);
    put_alarm(&platform);
    let mut screen = platform::console_at(hostile(platform.port()), 140, 45);
    screen.wait_text("Burning");
    let seen = walk(&mut screen);
    assert!(seen.pages.len() >= 8, "pages: {:?}", seen.pages);
    assert!(seen.spelled > 0, "no picture shows it");
    screen.press("5");
    // The page that the walk opened there.
    screen.wait_text("History");
    screen.press("Esc");
    screen.wait_text("┌ Alarms");
    screen.press("/");
    screen.press("mallory Enter");
    screen.wait("the alarm's name, shown inert", |s| {
        s.lines()
            .any(|l| l.contains("mallory") && l.contains("\\u{202e}"))
    });
    look_at_all(screen);
}

/// An alarm whose name acts on terminals.
fn put_alarm(platform: &Platform) {
    let [(_, endpoint), _, (_, key), (_, secret)] = platform.surroundings();
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    let client = aws_sdk_cloudwatch::Client::from_conf(config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let put = client
        .put_metric_alarm()
        .alarm_name("mallory\u{202e}\u{1b}[2J\u{1b}]0;owned\u{7}\u{200b}")
        .alarm_description("\u{1b}[31m of \u{2066}mallory")
        .namespace("AWS/ECS")
        .metric_name("CPUUtilization")
        .statistic(Statistic::Average)
        .period(60)
        .evaluation_periods(1)
        .threshold(99.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold);
    runtime.block_on(put.send()).expect("the alarm is put");
}

/// A wire to that port on which every answer's sentences become hostile.
fn hostile(to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else {
                return;
            };
            if let (Ok(asks), Ok(asked)) = (near.try_clone(), far.try_clone()) {
                std::thread::spawn(move || relay(asks, asked, |_| {}));
                std::thread::spawn(move || relay(far, near, swap));
            }
        }
    });
    port
}

fn relay(mut from: TcpStream, mut to: TcpStream, change: fn(&mut [u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        let bytes = &mut buffer[..read];
        change(bytes);
        if read == 0 || to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn swap(bytes: &mut [u8]) {
    for at in 0..bytes.len() {
        let rest = &mut bytes[at..];
        if !rest.starts_with(b" ") {
            continue;
        }
        let found = SWAPS
            .iter()
            .find(|(word, _)| rest.starts_with(word.as_bytes()));
        if let Some((word, instead)) = found {
            rest[..word.len()].copy_from_slice(instead.as_bytes());
        }
    }
}

#[test]
fn what_is_swapped_is_as_long() {
    for (word, instead) in SWAPS {
        assert_eq!(word.len(), instead.len(), "{word:?}");
    }
}
