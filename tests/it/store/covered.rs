//! Every method of the store is called by this suite.

use crate::support::source::{Source, read_folder};

#[test]
fn every_method_of_the_store_has_its_tests() {
    let methods: Vec<_> = read_folder("src/store").iter().flat_map(methods).collect();
    assert!(methods.len() > 40, "found only {methods:?}");
    let suite: String = read_folder("tests/it/store")
        .into_iter()
        .map(|source| source.text)
        .collect();
    let missing: Vec<_> = methods
        .iter()
        .filter(|name| !suite.contains(&format!(".{name}(")) && !suite.contains(&format!("Store::{name}(")))
        .collect();
    assert!(missing.is_empty(), "no test under tests/it/store calls {missing:?}");
}

/// The scan itself: a rule that never fires would go unnoticed.
#[test]
fn methods_are_found_in_the_stores_own_blocks() {
    let text = "
impl Store {
    /// Doc.
    pub async fn one(&self) {}
    pub(super) async fn inner(&self) {}
    async fn private(&self) {}
    pub fn two<T>(&self) {
    }
}
impl Other {
    pub fn three(&self) {}
}
impl super::Store {
    pub const fn four(&self) {}
}
";
    let source = Source {
        path: "src/store/x.rs".to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(methods(&source), ["one", "two", "four"]);
}

fn methods(source: &Source) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in source.text.lines() {
        match line {
            "impl Store {" | "impl super::Store {" => inside = true,
            "}" => inside = false,
            _ => {}
        }
        let declared = line.strip_prefix("    pub ").filter(|_| inside);
        if let Some((_, rest)) = declared.and_then(|rest| rest.split_once("fn ")) {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push(name);
        }
    }
    found
}
