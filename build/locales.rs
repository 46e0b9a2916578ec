//! Makes typed functions of the texts in `locales/`: one for each key, with the texts of every language in it. So no
//! text is read or looked up while the server runs, and a language that lacks a key does not build.
//!
//! The files are Fluent's (projectfluent.org): texts, `{ $variables }`, `{ "literals" }`, and choices by a number. What
//! else Fluent has (terms, attributes, functions) is refused here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, Variant, VariantKey};
use fluent_syntax::parser;
use fluent_syntax::unicode::unescape_unicode_to_string;

/// The languages: the variant of `Language`, and the file. The first one says what the variables are.
const LANGUAGES: &[(&str, &str)] = &[
    ("English", "en"),
    ("Greek", "el"),
    ("Arabic", "ar"),
    ("Indonesian", "id"),
];

/// What a variable is, as the comment above the English text says: `# $seconds (Number)`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Name,
}

/// A text as it stands in one file.
struct Message {
    pattern: Pattern<String>,
    variables: Vec<(String, Kind)>,
}

type Messages = BTreeMap<String, Message>;

/// Writes the functions to a file; otherwise all that is wrong with the languages.
pub fn generate(folder: &Path, to: &Path) -> io::Result<Result<(), Vec<String>>> {
    let mut wrong = Vec::new();
    let mut languages = Vec::new();
    for (_, tag) in LANGUAGES {
        let text = fs::read_to_string(folder.join(format!("{tag}.ftl")))?;
        languages.push(read(tag, &text, &mut wrong));
    }
    compare(&languages, &mut wrong);
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    let mut code =
        String::from("#[expect(clippy::match_same_arms, reason = \"languages may share a text\")]\nimpl Words {\n");
    for (key, message) in &languages[0] {
        function(&mut code, key, message, &languages, &mut wrong);
    }
    code.push_str("}\n");
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    fs::write(to, code)?;
    Ok(Ok(()))
}

fn read(tag: &str, text: &str, wrong: &mut Vec<String>) -> Messages {
    let mut messages = Messages::new();
    let resource = match parser::parse(text.to_owned()) {
        Ok(resource) => resource,
        Err((_, errors)) => {
            wrong.extend(errors.iter().map(|error| format!("locales/{tag}.ftl: {error}")));
            return messages;
        }
    };
    for entry in resource.body {
        match entry {
            Entry::Message(message) => {
                let key = message.id.name;
                let Some(pattern) = message.value else {
                    wrong.push(format!("locales/{tag}.ftl: {key} has no text"));
                    continue;
                };
                let comment = message.comment.map(|comment| comment.content).unwrap_or_default();
                let variables = comment.iter().filter_map(|line| declared(line)).collect();
                let message = Message { pattern, variables };
                if messages.insert(key.clone(), message).is_some() {
                    wrong.push(format!("locales/{tag}.ftl: {key} stands there twice"));
                }
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            Entry::Term(_) | Entry::Junk { .. } => {
                wrong.push(format!("locales/{tag}.ftl: holds something that is no text"));
            }
        }
    }
    messages
}

/// `$seconds (Number): …`.
fn declared(line: &str) -> Option<(String, Kind)> {
    let (name, rest) = line.trim().strip_prefix('$')?.split_once(" (")?;
    let kind = match rest.split_once(')')?.0 {
        "Number" => Kind::Number,
        "Text" => Kind::Text,
        "Name" => Kind::Name,
        _ => return None,
    };
    Some((name.to_owned(), kind))
}

/// Every language has the keys of the first, and each text uses the variables that the first one declares.
fn compare(languages: &[Messages], wrong: &mut Vec<String>) {
    let english = &languages[0];
    for ((_, tag), messages) in LANGUAGES.iter().zip(languages) {
        for key in english.keys().filter(|key| !messages.contains_key(*key)) {
            wrong.push(format!("locales/{tag}.ftl: lacks {key}"));
        }
        for (key, message) in messages {
            let Some(known) = english.get(key) else {
                wrong.push(format!("locales/{tag}.ftl: {key} is not in locales/en.ftl"));
                continue;
            };
            let declared: BTreeSet<String> = known.variables.iter().map(|(name, _)| name.clone()).collect();
            let mut used = BTreeSet::new();
            used_in(&message.pattern, &mut used);
            if used != declared {
                wrong.push(format!(
                    "locales/{tag}.ftl: {key} uses {used:?}; the comment in locales/en.ftl says {declared:?}"
                ));
            }
        }
    }
}

fn used_in(pattern: &Pattern<String>, used: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::VariableReference { id }),
            } => {
                used.insert(id.name.clone());
            }
            PatternElement::Placeable {
                expression: Expression::Select { selector, variants },
            } => {
                if let InlineExpression::VariableReference { id } = selector {
                    used.insert(id.name.clone());
                }
                for variant in variants {
                    used_in(&variant.value, used);
                }
            }
            _ => {}
        }
    }
}

/// One key as a function: a plain text where there is nothing to fill in, a sentence where a name is, else a text.
fn function(code: &mut String, key: &str, message: &Message, languages: &[Messages], wrong: &mut Vec<String>) {
    let name = key.replace('-', "_");
    let patterns = || {
        LANGUAGES
            .iter()
            .zip(languages)
            .map(|((language, _), all)| (*language, &all[key].pattern))
    };
    if message.variables.is_empty() {
        let _ = writeln!(
            code,
            "    pub(crate) const fn {name}(self) -> &'static str {{\n        match self.0 {{"
        );
        for (language, pattern) in patterns() {
            match plain(pattern) {
                Some(text) => {
                    let _ = writeln!(code, "            Language::{language} => {text:?},");
                }
                None => wrong.push(format!("{key} fills something in that locales/en.ftl does not declare")),
            }
        }
        code.push_str("        }\n    }\n");
        return;
    }
    let has_name = message.variables.iter().any(|(_, kind)| *kind == Kind::Name);
    let texts = message
        .variables
        .iter()
        .filter(|(_, kind)| *kind != Kind::Number)
        .count();
    // A lifetime is named only where it could not be left out.
    let (generics, lifetime, elided) = match (has_name, texts) {
        (true, 2..) => ("<'a>", "'a ", "'a"),
        _ => ("", "", "'_"),
    };
    let parameters: Vec<String> = message
        .variables
        .iter()
        .map(|(name, kind)| match kind {
            Kind::Number => format!("{name}: i64"),
            Kind::Text | Kind::Name => format!("{name}: &{lifetime}str"),
        })
        .collect();
    let answer = if has_name {
        format!("Sentence<{elided}>")
    } else {
        "String".to_owned()
    };
    let _ = writeln!(
        code,
        "    pub(crate) fn {name}{generics}(self, {}) -> {answer} {{\n        let mut said = Sentence::default();\n        match self.0 {{",
        parameters.join(", "),
    );
    for (language, pattern) in patterns() {
        let _ = writeln!(code, "            Language::{language} => {{");
        if let Err(why) = statements(code, language, pattern, &message.variables) {
            wrong.push(format!("{key} in {language}: {why}"));
        }
        code.push_str("            }\n");
    }
    let _ = writeln!(
        code,
        "        }}\n        said{}\n    }}",
        if has_name { "" } else { ".plain()" }
    );
}

/// A text without variables.
fn plain(pattern: &Pattern<String>) -> Option<String> {
    let parts = pattern.elements.iter().map(|element| match element {
        PatternElement::TextElement { value } => Some(value.clone()),
        PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::StringLiteral { value }),
        } => Some(unescape_unicode_to_string(value).into_owned()),
        PatternElement::Placeable { .. } => None,
    });
    parts.collect()
}

fn statements(
    code: &mut String,
    language: &str,
    pattern: &Pattern<String>,
    variables: &[(String, Kind)],
) -> Result<(), String> {
    let kind_of = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
    for element in &pattern.elements {
        let statement = match element {
            PatternElement::TextElement { value } => format!("said.text({value:?});"),
            PatternElement::Placeable {
                expression: Expression::Inline(inline),
            } => match inline {
                InlineExpression::StringLiteral { value } => {
                    format!("said.text({:?});", unescape_unicode_to_string(value))
                }
                InlineExpression::VariableReference { id } => match kind_of(&id.name) {
                    Some(Kind::Number) => format!("said.number({});", id.name),
                    Some(Kind::Text) => format!("said.text({});", id.name),
                    Some(Kind::Name) => format!("said.name({});", id.name),
                    None => return Err(format!("${} is not declared", id.name)),
                },
                _ => return Err("only variables and literals are filled in".to_owned()),
            },
            PatternElement::Placeable {
                expression: Expression::Select { selector, variants },
            } => {
                let InlineExpression::VariableReference { id } = selector else {
                    return Err("a choice is made by a variable".to_owned());
                };
                if kind_of(&id.name) != Some(Kind::Number) {
                    return Err(format!("a choice is made by a number, which ${} is not", id.name));
                }
                choice(code, language, &id.name, variants, variables)?;
                continue;
            }
        };
        let _ = writeln!(code, "                {statement}");
    }
    Ok(())
}

/// Exact numbers first, then the language's plural forms, then the default.
fn choice(
    code: &mut String,
    language: &str,
    number: &str,
    variants: &[Variant<String>],
    variables: &[(String, Kind)],
) -> Result<(), String> {
    let default = variants.iter().find(|variant| variant.default);
    let default = default.ok_or_else(|| "a choice has a default".to_owned())?;
    let mut others: Vec<(u8, String, &Variant<String>)> = Vec::new();
    for variant in variants.iter().filter(|variant| !variant.default) {
        others.push(match &variant.key {
            VariantKey::NumberLiteral { value } => (0, format!("{number} == {value}"), variant),
            VariantKey::Identifier { name } => {
                let form = match name.as_str() {
                    "one" => "One",
                    "two" => "Two",
                    "few" => "Few",
                    "many" => "Many",
                    _ => return Err(format!("[{name}] is no form of a number")),
                };
                let holds = format!("Plural::of(Language::{language}, {number}) == Plural::{form}");
                (1, holds, variant)
            }
        });
    }
    others.sort_by_key(|(rank, ..)| *rank);
    if others.is_empty() {
        return statements(code, language, &default.value, variables);
    }
    for (at, (_, holds, variant)) in others.iter().enumerate() {
        let start = if at == 0 { "if" } else { "} else if" };
        let _ = writeln!(code, "                {start} {holds} {{");
        statements(code, language, &variant.value, variables)?;
    }
    code.push_str("                } else {\n");
    statements(code, language, &default.value, variables)?;
    code.push_str("                }\n");
    Ok(())
}
