//! What a key, the palette or a click can be bound to: one row a command. Footer, help, palette, the keymap check and
//! read-only mode all derive from this table.

use super::screens::ScreenId;

/// How much a command can hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Changes nothing outside the console.
    Safe,
    /// Leads to a preview of something that changes production; gone in read-only mode.
    Mutates,
}

macro_rules! commands {
    ($( $variant:ident, $name:literal, $short:literal, $danger:ident, $doc:literal; )*) => {
        /// A command.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Command {
            $( #[doc = $doc] $variant, )*
            /// Go to a screen.
            Screen(ScreenId),
        }

        impl Command {
            /// All commands but the screens.
            const PLAIN: &'static [Command] = &[$( Command::$variant, )*];

            /// Name in keymaps and the palette.
            pub fn name(self) -> &'static str {
                match self { $( Command::$variant => $name, )* Command::Screen(s) => s.command_name() }
            }

            /// Word in the footer.
            pub fn short(self) -> &'static str {
                match self { $( Command::$variant => $short, )* Command::Screen(s) => s.title() }
            }

            /// A sentence for help and the palette.
            pub fn doc(self) -> &'static str {
                match self { $( Command::$variant => $doc, )* Command::Screen(s) => s.doc() }
            }

            /// How much it can hurt.
            pub fn danger(self) -> Danger {
                match self { $( Command::$variant => Danger::$danger, )* Command::Screen(_) => Danger::Safe }
            }
        }
    };
}

commands! {
    Quit, "quit", "quit", Safe, "Leave the console; actions go on and are picked up by the next one";
    Help, "help", "help", Safe, "Show the keys that work here";
    Palette, "palette", "go", Safe, "Find any screen, service, alarm or action by name";
    Back, "back", "back", Safe, "Close, or go back to where you were";
    Open, "open", "open", Safe, "Go deeper into what is selected";
    Up, "up", "up", Safe, "Move up";
    Down, "down", "down", Safe, "Move down";
    PageUp, "page-up", "page up", Safe, "Move up a page";
    PageDown, "page-down", "page down", Safe, "Move down a page";
    Top, "top", "top", Safe, "Move to the first row";
    Bottom, "bottom", "bottom", Safe, "Move to the last row";
    Left, "left", "left", Safe, "Move left";
    Right, "right", "right", Safe, "Move right";
    NextPane, "next-pane", "next pane", Safe, "Move to the next part of the screen";
    PrevPane, "prev-pane", "previous pane", Safe, "Move to the previous part of the screen";
    Filter, "filter", "filter", Safe, "Narrow the list as you type (fuzzy)";
    Sort, "sort", "sort", Safe, "Sort by the next column";
    Reverse, "reverse", "reverse", Safe, "Turn the sort order around";
    Describe, "describe", "describe", Safe, "Show everything known of the selection as JSON, searchable";
    Copy, "copy", "copy", Safe, "Copy the selection to the terminal's clipboard (OSC 52, works over SSH)";
    Refresh, "refresh", "refresh", Safe, "Ask every system again now";
    Absolute, "absolute-time", "clock times", Safe, "Switch between ages and clock times";
    Redraw, "redraw", "redraw", Safe, "Paint the whole screen again";
    Suspend, "suspend", "suspend", Safe, "Back to the shell; fg returns";
    Fold, "fold", "fold", Safe, "Fold or unfold";
    FoldAll, "fold-all", "fold all", Safe, "Fold everything, or unfold everything";
    Unready, "unready", "not ready", Safe, "Only what is not ready, or all of it again";
    NextFailing, "next-failing", "next failing", Safe, "Go to the next criterion that fails";
    PrevFailing, "prev-failing", "previous failing", Safe, "Go to the criterion that fails before this one";
    Evidence, "evidence", "evidence", Safe, "Show what was asked, what came back, and when; for a stage, its goal and the timeline";
    Security, "security", "security", Safe, "What is not safe, in all systems at once";
    Clusters, "clusters", "clusters", Safe, "Clusters: state, services, tasks, capacity providers";
    Backups, "backups", "backups", Safe, "Backups of every store, and their copies";
    Environments, "environments", "environments", Safe, "Production, staging and development side by side";
    Spending, "spending", "cost and capacity", Safe, "What is spent, and what is left of each component";
    Logs, "logs", "logs", Safe, "Logs of the selection";
    Metrics, "metrics", "metrics", Safe, "Metrics of the selection";
    Deployments, "deployments", "deploys", Safe, "Deployments of the selection";
    ZoomIn, "zoom-in", "zoom in", Safe, "A shorter time range";
    ZoomOut, "zoom-out", "zoom out", Safe, "A longer time range";
    PanLeft, "pan-left", "earlier", Safe, "Move the time range back";
    PanRight, "pan-right", "later", Safe, "Move the time range forward";
    Stat, "statistic", "statistic", Safe, "Next statistic: average, p50, p95, p99, maximum, sum";
    Pick, "pick", "pick", Safe, "Choose what is shown";
    Follow, "follow", "follow", Safe, "Follow new lines, or pause";
    Wrap, "wrap", "wrap", Safe, "Wrap long lines, or cut them";
    Fields, "fields", "fields", Safe, "Show or hide the fields of JSON lines";
    Pattern, "pattern", "pattern", Safe, "Set the CloudWatch Logs filter pattern";
    LevelUp, "level", "level", Safe, "Only lines of at least the next level";
    JumpTime, "jump-time", "jump to time", Safe, "Go to a time (12:30, -2h, 2026-11-23T12:30Z)";
    NextMatch, "next-match", "next match", Safe, "Go to the next match";
    PrevMatch, "prev-match", "previous match", Safe, "Go to the previous match";
    Verify, "verify", "verify", Safe, "Check the audit chain from its first row";
    Deploy, "deploy", "deploy", Mutates, "Roll out an image to the selected service";
    Rollback, "rollback", "roll back", Mutates, "Go back to the selected or the last good revision";
    Scale, "scale", "scale", Mutates, "Change how many tasks the selected service wants";
    Restart, "restart", "restart", Mutates, "Replace all tasks of the selected service (force new deployment)";
    Stop, "stop", "stop", Mutates, "Stop the running deployment and roll it back";
    SignOff, "sign-off", "sign off", Mutates, "Vouch for the selected criterion";
    Waive, "waive", "waive", Mutates, "Accept the selected criterion as missing until a date";
    Withdraw, "withdraw", "withdraw", Mutates, "Take a sign-off or waiver back";
}

impl Command {
    /// Every command.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::PLAIN
            .iter()
            .copied()
            .chain(ScreenId::ALL.iter().copied().map(Self::Screen))
    }

    /// The page of the systems that it leads to.
    pub fn view(self) -> Option<&'static str> {
        Some(match self {
            Self::Security => "security",
            Self::Backups => "backups",
            Self::Clusters => "clusters",
            Self::Environments => "environments",
            Self::Spending => "spending",
            _ => return None,
        })
    }

    /// The command that leads to a page of the systems.
    pub fn of_view(id: &str) -> Option<Self> {
        Self::PLAIN.iter().copied().find(|c| c.view() == Some(id))
    }

    /// The command of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|c| c.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_with_a_key_exist() {
        let pages: Vec<_> = Command::all().filter_map(Command::view).collect();
        assert_eq!(pages.len(), 5);
        for id in pages {
            assert!(crate::present::View::named(id).is_some(), "{id}");
            assert_eq!(Command::of_view(id).and_then(Command::view), Some(id));
        }
    }

    #[test]
    fn every_command_has_its_own_name() {
        let mut names: Vec<_> = Command::all().map(Command::name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(Command::all().all(|c| Command::named(c.name()) == Some(c) && !c.doc().is_empty()));
    }
}
