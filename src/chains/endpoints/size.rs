//! How much a JSON text holds, before it is read: as a value in memory it takes up to a hundred times its own length.

/// The most values: a list of coins that fits into an answer has some 40,000.
const MOST_VALUES: usize = 50_000;
/// The most lists and objects among them.
const MOST_CONTAINERS: usize = 12_000;

/// Whether a text holds no more than an answer may. What is no JSON is counted up to where it stops being any.
pub fn holds_little(text: &[u8]) -> bool {
    holds_at_most(text, MOST_VALUES, MOST_CONTAINERS)
}

fn holds_at_most(text: &[u8], most_values: usize, most_containers: usize) -> bool {
    let (mut values, mut containers) = (1_usize, 0_usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in text {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            // Each is before one value more, at most.
            b',' => values += 1,
            b'[' | b'{' => {
                values += 1;
                containers += 1;
            }
            _ => {}
        }
        if values > most_values || containers > most_containers {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_would_take_much_memory_is_told_by_its_marks() {
        let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
        for (text, little) in [
            (list("1", 49_000), true),
            (list("1", 50_001), false),
            (list("[]", 11_000), true),
            (list("[]", 12_001), false),
            (list("{\"\":0}", 12_001), false),
            ("[".repeat(12_001), false),
            (format!("\"{}\"", "[,{".repeat(50_000)), true),
            (format!("\"\\\"{}\"", "[,{".repeat(50_000)), true),
            (format!("\"\\\\\"{}", "[".repeat(12_001)), false),
            (String::new(), true),
        ] {
            assert_eq!(holds_little(text.as_bytes()), little, "{text:.40}");
        }
    }

    /// The values in one, and the lists and objects among them.
    fn count(value: &Value) -> (usize, usize) {
        let inside: Vec<&Value> = match value {
            Value::Array(list) => list.iter().collect(),
            Value::Object(map) => map.values().collect(),
            _ => return (1, 0),
        };
        let inside = inside.into_iter().map(count);
        inside.fold((1, 1), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = || "[\\[\\]{},:\"\\\\ a\u{1}é]{0,6}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            text().prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((text(), inner), 0..5).prop_map(|pairs| pairs.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_text_hides_what_it_holds(value in any_json()) {
            let (values, containers) = count(&value);
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let text = text.as_bytes();
                prop_assert!(!holds_at_most(text, values - 1, usize::MAX));
                prop_assert!(containers == 0 || !holds_at_most(text, usize::MAX, containers - 1));
                prop_assert!(holds_at_most(text, values + containers, containers));
            }
        }
    }
}
