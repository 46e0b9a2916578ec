//! `--help` of every command: a newcomer finds the way from the first page to each argument.

use super::place::Place;

/// The subcommands that a help page lists.
fn commands(help: &str) -> Vec<String> {
    let (_, after) = help.split_once("\nCommands:\n").unwrap_or_default();
    let listed = after.lines().take_while(|line| line.starts_with("  "));
    listed
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    let first = place.works(&["--help"]);
    assert!(
        first.starts_with("The open-source server that brings users aboard\n"),
        "{first}"
    );
    let mut leaves = Vec::new();
    // In builds for development only, and with nothing to configure.
    for command in commands(&first).into_iter().filter(|command| command != "fake") {
        let help = place.works(&[&command, "--help"]);
        let below = commands(&help);
        if below.is_empty() {
            leaves.push((command.clone(), help));
        }
        for leaf in below {
            let help = place.works(&[&command, &leaf, "--help"]);
            let deeper = commands(&help);
            if deeper.is_empty() {
                leaves.push((format!("{command} {leaf}"), help));
            }
            for last in deeper {
                let help = place.works(&[&command, &leaf, &last, "--help"]);
                leaves.push((format!("{command} {leaf} {last}"), help));
            }
        }
    }
    let names: Vec<&str> = leaves.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "dev",
            "serve",
            "migrate",
            "store copy",
            "store unfence",
            "orgs create",
            "orgs list",
            "partners create",
            "partners list",
            "partners rotate-secret",
            "partners revoke",
            "apps create",
            "apps list",
            "apps set",
            "apps revoke",
            "apps providers add",
            "apps providers list",
            "apps providers remove",
            "apps policy get",
            "apps policy set",
            "apps policy unset",
            "apps policy check",
            "keys init",
            "keys create",
            "keys list",
            "keys set",
            "keys revoke",
            "keys rotate",
            "keys rewrap",
            "keys signing list",
            "keys signing rotate",
            "channels list",
            "channels set",
            "channels test",
            "channels remove",
            "users list",
            "users show",
            "users suspend",
            "users resume",
            "users erase",
            "users keys",
            "users revoke-key",
            "users export",
            "users import",
            "wallets freeze",
            "wallets thaw",
            "sends list",
            "sends pause",
            "sends resume",
            "subscriptions set",
            "events list",
            "events show",
            "events replay",
            "webhooks list",
            "listen",
            "trigger",
            "requests",
            "settings get",
            "settings set",
            "settings unset",
            "audit list",
            "audit verify",
            "config check",
            "config show",
            "doctor",
        ]
    );
    #[cfg(feature = "fakes")]
    for leaf in ["whatsapp", "twilio", "smtp"] {
        let help = place.works(&["fake", leaf, "--help"]);
        assert!(
            help.contains("--listen <ADDR>") && help.contains("`make fake`"),
            "{help}"
        );
    }
    for (name, help) in &leaves {
        assert!(help.lines().all(|line| line.chars().count() <= 120), "{name}: {help}");
        for part in [
            "\nSettings:\n",
            "--config <FILE>",
            "--data <DIR>",
            "--database <URL>",
            "--set <SECTION.KEY=VALUE>",
            "--json",
        ] {
            assert!(help.contains(part), "{name} lacks {part}");
        }
    }
}

#[test]
fn a_mistyped_command_is_corrected() {
    let place = Place::new();
    let ended = place.run(&["partner", "list"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.err.contains("a similar subcommand exists: 'partners'"),
        "{}",
        ended.err
    );
    let version = place.works(&["--version"]);
    assert_eq!(version, format!("aboard {}\n", env!("CARGO_PKG_VERSION")));
}
