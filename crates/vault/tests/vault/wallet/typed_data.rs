use aboard_vault::wallet::evm::{TypedData, TypedDataError, U256};
use proptest::prelude::*;
use serde_json::{Value, json};

fn mail() -> Value {
    serde_json::from_str(include_str!("../../vectors/mail.json")).unwrap()
}

/// The example with one change.
fn changed(change: impl FnOnce(&mut Value)) -> Result<TypedData, TypedDataError> {
    let mut document = mail();
    change(&mut document);
    TypedData::parse(&document.to_string())
}

/// A document with one field of this type and value.
fn with_value(kind: &str, value: &Value) -> Result<TypedData, TypedDataError> {
    let document = json!({
        "types": {"One": [{"name": "field", "type": kind}]},
        "primaryType": "One",
        "domain": {"name": "test"},
        "message": {"field": value},
    });
    TypedData::parse(&document.to_string())
}

#[test]
fn a_document_without_domain_is_refused() {
    for domain in [json!({}), json!(null)] {
        let result = changed(|document| document["domain"] = domain);
        assert_eq!(result, Err(TypedDataError::NoDomain));
    }
    let result = changed(|document| drop(document.as_object_mut().unwrap().remove("domain")));
    assert_eq!(result, Err(TypedDataError::NoDomain));
    let result = changed(|document| document["domain"] = json!("Ether Mail"));
    assert_eq!(result, Err(TypedDataError::NoDomain));
}

/// A field that is shown and not signed, or signed and not shown, would deceive.
#[test]
fn the_domain_is_what_its_type_declares() {
    let domain = |name: &str| Err(TypedDataError::Domain(name.to_owned()));
    let result = changed(|document| document["domain"]["salt"] = json!("0x00"));
    assert_eq!(result, domain("salt"));
    let result = changed(|document| document["domain"]["evil"] = json!(1));
    assert_eq!(result, domain("evil"));
    let result = changed(|document| drop(document["domain"].as_object_mut().unwrap().remove("chainId")));
    assert_eq!(result, Err(TypedDataError::Missing("domain.chainId".to_owned())));
    let result = changed(|document| document["types"]["EIP712Domain"][2]["type"] = json!("uint64"));
    assert_eq!(result, domain("chainId"));
    let result = changed(|document| document["types"]["EIP712Domain"] = json!([]));
    assert!(matches!(result, Err(TypedDataError::Domain(_))));
}

#[test]
fn an_undeclared_domain_is_that_of_the_standard() {
    let declared = changed(|_| ()).unwrap();
    let plain = changed(|document| drop(document["types"].as_object_mut().unwrap().remove("EIP712Domain"))).unwrap();
    assert_eq!(plain, declared);
    // As a decimal or hex string it is the same chain.
    for chain in [json!("1"), json!("0x1"), json!("0x01")] {
        assert_eq!(
            changed(|document| document["domain"]["chainId"] = chain),
            Ok(declared.clone())
        );
    }
}

#[test]
fn the_chain_has_to_be_the_requests() {
    let data = changed(|_| ()).unwrap();
    assert_eq!(data.expect_chain(1), Ok(()));
    let other = TypedDataError::OtherChain {
        found: U256::from(1),
        expected: 5,
    };
    assert_eq!(data.expect_chain(5), Err(other));
    let anywhere = with_value("bool", &json!(true)).unwrap();
    assert_eq!(anywhere.domain().chain_id, None);
    assert_eq!(anywhere.expect_chain(5), Ok(()));
}

#[test]
fn each_part_has_to_be_there() {
    for part in ["types", "primaryType", "message"] {
        let result = changed(|document| drop(document.as_object_mut().unwrap().remove(part)));
        let expected: &str = part;
        assert!(
            matches!(result, Err(TypedDataError::Shape(name)) if name == expected),
            "{part}: {result:?}"
        );
    }
    let result = changed(|document| document["primaryType"] = json!("EIP712Domain"));
    assert_eq!(result, Err(TypedDataError::Shape("primaryType")));
    let result = changed(|document| document["primaryType"] = json!("Nothing"));
    assert_eq!(result, Err(TypedDataError::Shape("primaryType")));
    let result = changed(|document| drop(document["message"]["to"].as_object_mut().unwrap().remove("wallet")));
    assert_eq!(result, Err(TypedDataError::Missing("message.to.wallet".to_owned())));
    let result = changed(|document| document["message"]["to"] = json!(null));
    assert!(matches!(result, Err(TypedDataError::Value { path, .. }) if path == "message.to"));
}

#[test]
fn fields_that_no_type_declares_are_not_signed() {
    let plain = changed(|_| ()).unwrap();
    let more = changed(|document| document["message"]["note"] = json!("not signed")).unwrap();
    assert_eq!(more, plain);
}

#[test]
fn types_that_others_read_differently_are_refused() {
    for kind in [
        "uint",
        "int",
        "uint7",
        "uint264",
        "uint0",
        "uint08",
        "int257",
        "bytes0",
        "bytes33",
        "function",
        "fixed128x18",
        "address payable",
        "Nothing",
        "uint8[0]",
        "uint8[01]",
        "uint8[-1]",
        "uint8[",
        "uint8]",
        "[]",
        "",
        "a b",
        "uint8[][][][][][][][][]",
        "bool,uint8 x",
    ] {
        let result = with_value(kind, &json!("1"));
        assert!(matches!(result, Err(TypedDataError::Type(_))), "{kind}: {result:?}");
    }
    for name in ["uint8", "address", "bytes", "a b", "", "1A", "A,B", "A(B"] {
        let result = changed(|document| document["types"][name] = json!([]));
        assert_eq!(result, Err(TypedDataError::Type(name.to_owned())));
    }
    let result = changed(|document| document["types"]["Person"][1]["name"] = json!("name"));
    assert_eq!(result, Err(TypedDataError::Type("Person".to_owned())));
}

#[test]
fn values_have_to_fit_their_types() {
    let most = U256::MAX.to_string();
    let over = format!("{}0", U256::MAX);
    let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    for (kind, value) in [
        ("uint8", json!(255)),
        ("uint8", json!("0xff")),
        ("uint256", json!(most)),
        ("int8", json!(-128)),
        ("int8", json!("127")),
        ("int256", json!("-0x01")),
        ("bytes1", json!("0xff")),
        ("bytes", json!("0x")),
        ("string", json!("")),
        ("bool", json!(false)),
        ("address", json!(address)),
        ("uint8[2][]", json!([[1, 2], [3, 4]])),
    ] {
        assert!(with_value(kind, &value).is_ok(), "{kind} {value}");
    }
    for (kind, value) in [
        ("uint8", json!(256)),
        ("uint8", json!(-1)),
        ("uint8", json!("-0")),
        ("uint8", json!("")),
        ("uint8", json!("0x")),
        ("uint8", json!("1_0")),
        ("uint8", json!(" 1")),
        ("uint8", json!("+1")),
        ("uint8", json!("1e1")),
        ("uint8", json!(true)),
        ("uint256", json!(over)),
        ("uint256", json!(format!("0x1{}", "0".repeat(64)))),
        ("int8", json!(128)),
        ("int8", json!(-129)),
        ("bytes1", json!("0x")),
        ("bytes1", json!("0xffff")),
        ("bytes", json!("0xf")),
        ("bytes", json!("ff")),
        ("bytes", json!("0xé")),
        ("string", json!(1)),
        ("bool", json!("true")),
        ("bool", json!(1)),
        ("address", json!(address.to_lowercase().replacen('f', "F", 1))),
        ("address", json!("0x00")),
        ("uint8[2]", json!([1])),
        ("uint8[]", json!({"0": 1})),
    ] {
        let result = with_value(kind, &value);
        let at_field = matches!(&result, Err(TypedDataError::Value { path, .. }) if path.starts_with("message.field"));
        assert!(at_field, "{kind} {value}: {result:?}");
    }
}

#[test]
fn json_that_can_be_read_in_two_ways_is_refused() {
    let text = mail().to_string();
    let twice = text.replacen("\"contents\":\"Hello", "\"contents\":\"x\",\"contents\":\"Hello", 1);
    assert_ne!(twice, text);
    let float = text.replacen("\"chainId\":1", "\"chainId\":1.0", 1);
    let large = text.replacen("\"chainId\":1", "\"chainId\":36893488147419103232", 1);
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let surrogate = text.replacen("Hello", "\\ud800", 1);
    for wrong in [twice, float, large, deep, surrogate, format!("{text} x"), String::new()] {
        let result = TypedData::parse(&wrong);
        assert!(matches!(result, Err(TypedDataError::Json(_))), "{wrong}: {result:?}");
    }
    let long = text.replacen("Hello", &"x".repeat(300_000), 1);
    assert_eq!(TypedData::parse(&long), Err(TypedDataError::TooLong));
}

#[test]
fn a_type_may_hold_itself() {
    let document = json!({
        "types": {"Tree": [{"name": "branches", "type": "Tree[]"}]},
        "primaryType": "Tree",
        "domain": {"name": "test"},
        "message": {"branches": [{"branches": []}]},
    });
    assert!(TypedData::parse(&document.to_string()).is_ok());
}

#[test]
fn many_types_cost_little() {
    let mut types = serde_json::Map::new();
    for i in 0..65 {
        types.insert(format!("T{i}"), json!([{"name": "next", "type": "bool"}]));
    }
    let document = json!({"types": types, "primaryType": "T0", "domain": {"name": "x"}, "message": {"next": true}});
    assert_eq!(TypedData::parse(&document.to_string()), Err(TypedDataError::TooLong));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text: String) {
        prop_assert!(TypedData::parse(&text).is_err());
    }

    /// One character changed somewhere: no panic, and another hash or an error if it was signed.
    #[test]
    fn a_changed_document_is_read_without_panic(at in 0..900_usize, new: char) {
        let text = mail().to_string();
        let at = at % text.len();
        let changed = format!("{}{new}{}", &text[..at], &text[at + 1..]);
        let _ = TypedData::parse(&changed);
    }
}

/// Every part of a document is read and hashed once, however it is made up.
#[test]
fn what_would_take_long_is_refused() {
    let array = |name: &str, kind: &str, items: &str| {
        let document = json!({
            "types": {"One": [{"name": name, "type": kind}]},
            "primaryType": "One",
            "domain": {"name": "test"},
            "message": {name: "@"},
        });
        TypedData::parse(&document.to_string().replace("\"@\"", items))
    };
    let zeros = |many: usize| format!("[{}]", vec!["0"; many].join(","));
    assert!(array(&"a".repeat(128), "uint8[]", &zeros(5_000)).is_ok());
    let long = array(&"a".repeat(129), "uint8[]", &zeros(1));
    assert_eq!(long, Err(TypedDataError::LongName));
    let many = array("a", "uint8[]", &zeros(10_000));
    assert_eq!(many, Err(TypedDataError::TooLong));
    let nested = vec!["[[[[[[[0]]]]]]]"; 2_000].join(",");
    let nested = array("a", "uint8[1][1][1][1][1][1][1][]", &format!("[{nested}]"));
    assert_eq!(nested, Err(TypedDataError::TooLong));
    for kind in ["b".repeat(257), format!("uint8{}", "[1]".repeat(100))] {
        assert_eq!(array("a", &kind, "0"), Err(TypedDataError::LongName));
    }
    let result = changed(|document| document["types"]["b".repeat(129)] = json!([]));
    assert_eq!(result, Err(TypedDataError::LongName));
    // Each of 64 types would be hashed with the text of all others.
    let result = changed(|document| {
        let fields: Vec<Value> = (0..300)
            .map(|i| json!({"name": format!("{}{i}", "a".repeat(120)), "type": "uint256"}))
            .collect();
        document["types"]["Large"] = json!(fields);
    });
    assert_eq!(result, Err(TypedDataError::TooLong));
}

#[test]
fn an_error_still_says_where() {
    let document = json!({
        "types": {"One": [{"name": "list", "type": "Two[][2]"}], "Two": [{"name": "number", "type": "uint8"}]},
        "primaryType": "One",
        "domain": {"name": "test"},
        "message": {"list": [[], [{"number": 1}, {"number": 256}]]},
    });
    let error = TypedData::parse(&document.to_string()).unwrap_err().to_string();
    assert!(error.starts_with("`message.list[1][1].number` "), "{error}");
}
