//! Themes: a palette plus semantic roles, never per-widget colours. Colours are fitted to what the terminal can show.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::config::file;
use crate::config::mistake::toml_words_at;
use crate::domain::part::Freshness;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clip;

const EMBEDDED: [(&str, &str); 6] = [
    ("default", include_str!("../../themes/default.toml")),
    ("light", include_str!("../../themes/light.toml")),
    (
        "high-contrast",
        include_str!("../../themes/high-contrast.toml"),
    ),
    ("ansi16", include_str!("../../themes/ansi16.toml")),
    ("light16", include_str!("../../themes/light16.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// How many colours the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: attributes only.
    Mono,
    /// The sixteen named ones.
    Ansi16,
    /// The 256 indexed ones.
    Indexed,
    /// 24 bits.
    True,
}

impl Depth {
    /// What the environment promises: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub fn detect(no_color: bool) -> Self {
        let var = |name: &str| std::env::var(name).unwrap_or_default();
        let term = var("TERM");
        if no_color || !var("NO_COLOR").is_empty() || term == "dumb" {
            Self::Mono
        } else if matches!(var("COLORTERM").as_str(), "truecolor" | "24bit")
            || term.ends_with("-direct")
        {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Ansi16
        }
    }
}

macro_rules! roles {
    ($( $field:ident, $doc:literal; )*) => {
        /// The meanings that are drawn, each with its style.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Theme {
            /// Its name.
            pub name: String,
            $( #[doc = $doc] pub $field: Style, )*
        }

        impl Theme {
            fn role(&mut self, name: &str) -> Option<&mut Style> {
                match name { $( stringify!($field) => Some(&mut self.$field), )* _ => None }
            }

            /// Names of all roles.
            pub const ROLES: &'static [&'static str] = &[$( stringify!($field), )*];
        }
    };
}

roles! {
    text, "Ordinary text.";
    muted, "What matters less: labels, units, hints.";
    title, "Titles of panels.";
    strong, "What matters more.";
    border, "Borders of panels.";
    border_focus, "Border of the panel that keys go to.";
    header, "The top line.";
    tab, "A screen's name in the tab line.";
    tab_active, "The present screen's name.";
    footer, "The bottom line.";
    key, "A key in the footer and in help.";
    selection, "The selected row.";
    column, "Column heads.";
    ok, "Good.";
    info, "Moving, for information.";
    warn, "To be looked at.";
    critical, "Burning.";
    unknown, "Not known: never green.";
    stale, "Old, or from a system that does not answer.";
    struck, "The last value of what does not answer any more; a theme that leaves it out has it as stale, struck through.";
    danger, "Something that changes production.";
    added, "Added lines of a diff.";
    removed, "Removed lines of a diff.";
    bar, "The full part of a bar.";
    bar_empty, "The empty part of a bar.";
    series1, "First line of a chart.";
    series2, "Second line of a chart.";
    series3, "Third line of a chart.";
    series4, "Fourth line of a chart.";
    threshold, "A threshold in a chart.";
    marker, "A deploy mark in a chart.";
    input, "A field that is typed into.";
    matched, "Characters that match a filter or search.";
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    palette: BTreeMap<String, String>,
    roles: BTreeMap<String, RoleFile>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RoleFile {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
    strike: bool,
}

/// Whether the terminal says that its ground is light: `COLORFGBG`, as rxvt, Konsole and others set it, ends with the number of that colour.
/// Nothing else is asked: a terminal that does not know a question shows it, or never answers.
pub fn on_light(colorfgbg: &str) -> bool {
    let ground = colorfgbg.rsplit_once(';').map(|(_, ground)| ground);
    let ground = ground.and_then(|number| number.parse::<u8>().ok());
    matches!(ground, Some(7 | 9..=15))
}

impl Theme {
    /// The theme to begin with where nobody chose one: by the ground that the terminal tells of; `None`: by its depth alone.
    pub fn by_ground() -> Option<&'static str> {
        let told = std::env::var("COLORFGBG").unwrap_or_default();
        on_light(&told).then_some("light")
    }

    /// Names of those that are built in.
    pub fn built_in() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// What one of them is for.
    pub fn about(name: &str) -> &'static str {
        match name {
            "light" => "colours for light terminals",
            "high-contrast" => "strong colours, for dark terminals",
            "ansi16" => "the sixteen colours, on dark",
            "light16" => "the sixteen colours, on light",
            "mono" => "no colours",
            _ => "colours for dark terminals",
        }
    }

    /// A built-in theme, or `NAME.toml` from the user's theme folder; colours fitted to the terminal. `None` chooses by depth.
    pub fn load(name: Option<&str>, folder: Option<&Path>, depth: Depth) -> Result<Self, Problem> {
        let at = |name: &str| folder.map(|f| f.join(format!("{name}.toml")));
        let own = |name: &str| at(name).filter(|p| p.exists());
        let name = match (name, depth) {
            (_, Depth::Mono) => "mono",
            // Of sixteen colours the nearest one may be of another meaning: these two have a theme made of them.
            (None | Some("default"), Depth::Ansi16) if own("default").is_none() => "ansi16",
            (Some("light"), Depth::Ansi16) if own("light").is_none() => "light16",
            (Some(name), _) => name,
            (None, _) => "default",
        };
        let own = own(name);
        let text = match (own, EMBEDDED.iter().find(|(n, _)| *n == name)) {
            (Some(path), _) => file::text(&path).map_err(|why| problem(name, &why))?,
            (None, Some((_, text))) => (*text).to_owned(),
            (None, None) => {
                let known: Vec<_> = EMBEDDED.iter().map(|(n, _)| *n).collect();
                return Err(problem(
                    name,
                    &format!("there is no such theme; built in are {}", known.join(", ")),
                ));
            }
        };
        Self::parse(name, &text, depth)
    }

    /// Reads a theme; an unknown role or colour is an error, a role left out is drawn plain.
    pub fn parse(name: &str, text: &str, depth: Depth) -> Result<Self, Problem> {
        let file: File =
            toml::from_str(text).map_err(|e| problem(name, &toml_words_at(text, &e)))?;
        let mut theme = Self {
            name: name.to_owned(),
            ..Self::default()
        };
        for (role_name, row) in &file.roles {
            let colour = |written: &Option<String>| -> Result<Option<Color>, Problem> {
                let Some(written) = written else {
                    return Ok(None);
                };
                let resolved = file.palette.get(written).unwrap_or(written);
                let colour: Color = resolved.parse().map_err(|_| {
                    let place = match resolved == written {
                        true => format!("role {role_name}"),
                        false => format!("palette {written}, of role {role_name}"),
                    };
                    problem(name, &format!("{place}: {resolved:?} is not a colour"))
                })?;
                Ok(fit(colour, depth))
            };
            let mut style = Style {
                fg: colour(&row.fg)?,
                bg: colour(&row.bg)?,
                ..Style::new()
            };
            for (on, modifier) in [
                (row.bold, Modifier::BOLD),
                (row.dim, Modifier::DIM),
                (row.italic, Modifier::ITALIC),
                (row.underline, Modifier::UNDERLINED),
                (row.reverse, Modifier::REVERSED),
                (row.strike, Modifier::CROSSED_OUT),
            ] {
                if on {
                    style = style.add_modifier(modifier);
                }
            }
            let slot = theme.role(role_name).ok_or_else(|| {
                let near = Self::ROLES
                    .iter()
                    .map(|r| (strsim::damerau_levenshtein(r, role_name), r))
                    .min();
                let hint = near
                    .filter(|(d, _)| *d <= 3)
                    .map_or(String::new(), |(_, r)| format!("; did you mean {r:?}?"));
                problem(name, &format!("unknown role {role_name:?}{hint}"))
            })?;
            *slot = style;
        }
        if !file.roles.contains_key("struck") {
            // Plain, it would look like a value of now.
            theme.struck = theme.stale.add_modifier(Modifier::CROSSED_OUT);
        }
        Ok(theme)
    }

    /// How a value looks that would be drawn in a style if it were of now: dim where it is old, struck where its source fails.
    pub fn aged(&self, seen: Freshness, of_now: Style) -> Style {
        match seen {
            Freshness::Fresh => of_now,
            Freshness::Failed => self.struck,
            Freshness::Stale | Freshness::Never => self.stale,
        }
    }
}

/// The nearest colour that the terminal can show.
fn fit(colour: Color, depth: Depth) -> Option<Color> {
    let Color::Rgb(r, g, b) = colour else {
        return (depth > Depth::Mono).then_some(colour);
    };
    match depth {
        Depth::Mono => None,
        Depth::True => Some(colour),
        Depth::Indexed => {
            let step = |v: u8| {
                if v < 48 {
                    0
                } else if v < 115 {
                    1
                } else {
                    (u16::from(v) - 35) / 40
                }
            };
            let level = |s: u16| if s == 0 { 0 } else { 55 + 40 * s };
            let (cr, cg, cb) = (step(r), step(g), step(b));
            let cube = 16 + 36 * cr + 6 * cg + cb;
            let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
            let grey_step = (mean.saturating_sub(3) / 10).min(23);
            let distance = |x: u16, y: u16, z: u16| {
                let d = |a: u8, b: u16| (i32::from(a) - i32::from(b)).pow(2);
                d(r, x) + d(g, y) + d(b, z)
            };
            let grey = 8 + 10 * grey_step;
            let nearest = if distance(grey, grey, grey) < distance(level(cr), level(cg), level(cb))
            {
                232 + grey_step
            } else {
                cube
            };
            Some(Color::Indexed(u8::try_from(nearest).unwrap_or(u8::MAX)))
        }
        Depth::Ansi16 => {
            let far = |c: &(Color, [u8; 3])| {
                let each = c.1.iter().zip([r, g, b]);
                each.map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
                    .sum::<u32>()
            };
            SIXTEEN.iter().min_by_key(|c| far(c)).map(|c| c.0)
        }
    }
}

/// The sixteen colours as xterm shows them.
const SIXTEEN: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [205, 0, 0]),
    (Color::Green, [0, 205, 0]),
    (Color::Yellow, [205, 205, 0]),
    (Color::Blue, [0, 0, 238]),
    (Color::Magenta, [205, 0, 205]),
    (Color::Cyan, [0, 205, 205]),
    (Color::Gray, [229, 229, 229]),
    (Color::DarkGray, [127, 127, 127]),
    (Color::LightRed, [255, 0, 0]),
    (Color::LightGreen, [0, 255, 0]),
    (Color::LightYellow, [255, 255, 0]),
    (Color::LightBlue, [92, 92, 255]),
    (Color::LightMagenta, [255, 0, 255]),
    (Color::LightCyan, [0, 255, 255]),
    (Color::White, [255, 255, 255]),
];

/// Columns of what is wrong: it may quote what somebody wrote.
const LONGEST: usize = 400;

fn problem(name: &str, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "theme",
        format!("Theme {name} cannot be used"),
        clip(why, LONGEST),
        "Mend the file, or start with --theme default.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_theme_quotes_no_line_of_it_whole() {
        let deep = format!("x = {}{}", "[".repeat(3_000), "]".repeat(3_000));
        let long = format!("[roles]\n{} = {{ fg = \"red\" }}\n", "x".repeat(9_000));
        for text in [deep, long] {
            let p = Theme::parse("mine", &text, Depth::True).unwrap_err();
            assert!(p.why.chars().count() <= LONGEST, "{}", p.why.len());
        }
        let p = Theme::parse("mine", "[roles]\nx = [", Depth::True).unwrap_err();
        assert!(p.why.starts_with("line 2, column "), "{}", p.why);
    }

    #[test]
    fn the_configuration_knows_the_same_names() {
        let names = EMBEDDED.map(|(name, _)| name);
        assert_eq!(crate::config::faces::THEME.built_in, names);
    }

    #[test]
    fn built_in_themes_load_at_every_depth_and_name_every_role() {
        for (name, text) in EMBEDDED {
            let file: File = toml::from_str(text).unwrap();
            for role in Theme::ROLES {
                assert!(file.roles.contains_key(*role), "{name} lacks {role}");
            }
            for depth in [Depth::Ansi16, Depth::Indexed, Depth::True] {
                Theme::load(Some(name), None, depth).unwrap();
            }
        }
    }

    /// How a colour is shown, by xterm's own palette; what is left to the terminal is as given.
    fn shown(colour: Option<Color>, by_itself: [u8; 3]) -> [u8; 3] {
        match colour {
            None | Some(Color::Reset) => by_itself,
            Some(Color::Rgb(r, g, b)) => [r, g, b],
            Some(Color::Indexed(i @ 232..)) => [8 + 10 * (i - 232); 3],
            Some(Color::Indexed(i @ 16..)) => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let i = i - 16;
                [level(i / 36), level(i / 6 % 6), level(i % 6)]
            }
            Some(named) => SIXTEEN.iter().find(|c| c.0 == named).unwrap().1,
        }
    }

    /// The contrast of two colours as WCAG has it, 1 to 21.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let light = |c: [u8; 3]| {
            let each = c.map(|v| {
                let v = f64::from(v) / 255.0;
                if v <= 0.03928 {
                    v / 12.92
                } else {
                    ((v + 0.055) / 1.055).powf(2.4)
                }
            });
            0.2126 * each[0] + 0.7152 * each[1] + 0.0722 * each[2] + 0.05
        };
        let (a, b) = (light(a), light(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn words_of_every_role_can_be_read_in_every_theme_selected_or_not() {
        use ratatui::layout::Rect;
        for (name, _) in EMBEDDED.iter().filter(|(name, _)| *name != "mono") {
            for depth in [Depth::Ansi16, Depth::Indexed, Depth::True] {
                let mut theme = Theme::load(Some(name), None, depth).unwrap();
                // Made for sixteen colours on the terminal's own ground.
                let (ground, ink) = match name.starts_with("light") {
                    true => ([255; 3], [0; 3]),
                    false => ([0; 3], [229; 3]),
                };
                let selection = theme.selection;
                let chosen = theme.clone();
                for role in Theme::ROLES {
                    let style = *theme.role(role).unwrap();
                    let read =
                        |style: Style| contrast(shown(style.fg, ink), shown(style.bg, ground));
                    // Lines, not words.
                    if matches!(*role, "border" | "bar_empty") {
                        continue;
                    }
                    assert!(
                        read(style) >= 3.0,
                        "{name} {depth:?} {role}: {}",
                        read(style)
                    );
                    let row = Rect::new(0, 0, 3, 1);
                    let mut buf = ratatui::buffer::Buffer::empty(row);
                    buf.set_style(row, selection);
                    buf.set_string(0, 0, "BAD", style);
                    crate::ui::widgets::chosen(&mut buf, row, &chosen);
                    let style = buf[(0, 0)].style();
                    assert!(
                        read(style) >= 3.0,
                        "{name} {depth:?} {role}, selected: {}",
                        read(style)
                    );
                }
            }
        }
    }

    #[test]
    fn of_sixteen_colours_the_nearest_is_taken_and_a_warning_is_no_failure() {
        let near = |r, g, b| fit(Color::Rgb(r, g, b), Depth::Ansi16);
        assert_eq!(near(0x66, 0x70, 0x7c), Some(Color::DarkGray));
        assert_eq!(near(0xff, 0xd4, 0x00), Some(Color::LightYellow));
        assert_eq!(near(0x0b, 0x0f, 0x14), Some(Color::Black));
        for (name, _) in EMBEDDED.iter().filter(|(name, _)| *name != "mono") {
            let theme = Theme::load(Some(name), None, Depth::Ansi16).unwrap();
            let of = |s: Style| (s.fg, s.bg);
            assert_ne!(of(theme.warn), of(theme.critical), "{name}");
        }
        let named = |name| Theme::load(name, None, Depth::Ansi16).unwrap().name;
        assert_eq!(named(Some("light")), "light16");
        assert_eq!(named(None), "ansi16");
    }

    #[test]
    fn a_light_ground_is_known_where_the_terminal_tells_of_it() {
        for light in ["0;15", "0;7", "0;default;15", "15;11"] {
            assert!(on_light(light), "{light}");
        }
        for dark in [
            "15;0",
            "7;8",
            "15;default;0",
            "0;default",
            "15",
            "",
            "0;255",
        ] {
            assert!(!on_light(dark), "{dark}");
        }
    }

    #[test]
    fn no_colour_means_no_colour() {
        let theme = Theme::load(Some("default"), None, Depth::Mono).unwrap();
        let mut theme = theme;
        for role in Theme::ROLES {
            let style = *theme.role(role).unwrap();
            assert_eq!((style.fg, style.bg), (None, None), "{role}");
        }
    }

    #[test]
    fn a_theme_without_a_style_for_what_fails_strikes_what_is_old() {
        let text = "[roles]\nstale = { fg = 'gray', italic = true }";
        let own = Theme::parse("own", text, Depth::True).unwrap();
        assert_eq!(
            own.struck,
            own.stale.add_modifier(Modifier::CROSSED_OUT),
            "never as plain as a value of now"
        );
        for (name, text) in EMBEDDED {
            let theme = Theme::parse(name, text, Depth::True).unwrap();
            let of_now = theme.ok;
            assert_eq!(theme.aged(Freshness::Fresh, of_now), of_now);
            assert_eq!(theme.aged(Freshness::Stale, of_now), theme.stale);
            let failed = theme.aged(Freshness::Failed, of_now);
            assert!(
                failed.add_modifier.contains(Modifier::CROSSED_OUT),
                "{name}"
            );
        }
    }

    #[test]
    fn mistakes_are_named() {
        let e = Theme::parse("x", "[roles.critcal]\nfg = 'red'", Depth::True).unwrap_err();
        assert!(e.why.contains("did you mean \"critical\"?"), "{}", e.why);
        assert!(
            Theme::parse("x", "[roles.ok]\nfg = 'grun'", Depth::True)
                .unwrap_err()
                .why
                .contains("not a colour")
        );
        let text = "palette.sky = '#zzz'\n[roles.ok]\nfg = 'sky'";
        let e = Theme::parse("x", text, Depth::True).unwrap_err();
        assert_eq!(e.why, "palette sky, of role ok: \"#zzz\" is not a colour");
    }

    #[test]
    fn a_file_that_is_none_is_refused_and_not_waited_for() {
        let folder = std::env::temp_dir().join(format!("flightdeck-theme-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let own = folder.join("own.toml");
        let made = std::process::Command::new("mkfifo").arg(&own).status();
        assert!(made.unwrap().success());
        let (told, heard) = std::sync::mpsc::channel();
        let place = folder.clone();
        std::thread::spawn(move || {
            let folder = place;
            told.send(Theme::load(Some("own"), Some(&folder), Depth::True).map(drop))
        });
        let answer = heard.recv_timeout(std::time::Duration::from_secs(5));
        std::fs::remove_file(&own).unwrap();
        // One gigabyte, of which nothing is on the disk.
        let file = std::fs::File::create(&own).unwrap();
        file.set_len(1 << 30).unwrap();
        let large = Theme::load(Some("own"), Some(&folder), Depth::True).map(drop);
        std::fs::remove_dir_all(&folder).unwrap();
        let why = answer.expect("it waits for a writer").unwrap_err().why;
        assert!(why.contains("no ordinary file"), "{why}");
        let why = large.unwrap_err().why;
        assert!(why.contains("larger than"), "{why}");
    }
}
