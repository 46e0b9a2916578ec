//! Messages, typed data, authorizations and transactions of all types.

use aboard_vault::{
    Entropy,
    wallet::{
        OpenWallet,
        evm::{
            AccessListItem, Address, Authorization, B256, Fees, Key, SignedAuthorization, Transaction, TypedData, U256,
        },
    },
};
use serde_json::{Value, json};

use crate::{hex, line, random::Random};

pub fn print(open: &OpenWallet<'_>, random: &Random) {
    let key = open.evm().unwrap();
    let message = random.bytes(200);
    line(
        "evm-message",
        json!({"message": hex(&message), "signature": hex(key.sign_message(&message).to_bytes())}),
    );
    let hash: [u8; 32] = random.array();
    line(
        "evm-hash",
        json!({"hash": hex(hash), "signature": hex(key.sign_hash(hash).to_bytes())}),
    );
    let document = document(random);
    let data = TypedData::parse(&document.to_string()).unwrap();
    line(
        "evm-typed",
        json!({
            "document": document,
            "hash": data.hash().to_string(),
            "signature": hex(key.sign_typed_data(&data).to_bytes()),
        }),
    );
    let signed = authorization(&key, random);
    line("evm-authorization", authorization_json(&signed));
    for kind in 0..4 {
        transaction(&key, kind, random);
    }
}

fn address(random: &Random) -> Address {
    Address::from(Entropy::array::<20>(random))
}

fn authorization(key: &Key, random: &Random) -> SignedAuthorization {
    key.sign_authorization(Authorization {
        chain_id: random.below(1 << 50) + 1,
        address: address(random),
        nonce: random.below(1 << 50),
    })
    .unwrap()
}

fn authorization_json(signed: &SignedAuthorization) -> Value {
    json!({
        "chainId": signed.authorization.chain_id,
        "address": signed.authorization.address.to_string(),
        "nonce": signed.authorization.nonce,
        "yParity": u8::from(signed.signature.y_parity),
        "r": format!("0x{:064x}", signed.signature.r),
        "s": format!("0x{:064x}", signed.signature.s),
    })
}

fn access_list(random: &Random) -> Vec<AccessListItem> {
    let item = || AccessListItem {
        address: address(random),
        storage_keys: (0..random.below(3))
            .map(|_| B256::from(Entropy::array::<32>(random)))
            .collect(),
    };
    (0..random.below(3)).map(|_| item()).collect()
}

fn transaction(key: &Key, kind: u8, random: &Random) {
    let tip = random.number() >> 8;
    let price = u128::from(tip) + u128::from(random.number() >> 8);
    let (tip, access_list) = (u128::from(tip), access_list(random));
    let fees = match kind {
        0 => Fees::Legacy { gas_price: price },
        1 => Fees::AccessList {
            gas_price: price,
            access_list: access_list.clone(),
        },
        2 => Fees::Dynamic {
            max_fee_per_gas: price,
            max_priority_fee_per_gas: tip,
            access_list: access_list.clone(),
        },
        _ => Fees::SetCode {
            max_fee_per_gas: price,
            max_priority_fee_per_gas: tip,
            access_list: access_list.clone(),
            authorizations: (0..=random.below(2)).map(|_| authorization(key, random)).collect(),
        },
    };
    let transaction = Transaction {
        chain_id: random.below(1 << 50) + 1,
        nonce: random.below(1 << 50),
        gas_limit: random.below(1 << 40),
        to: (kind == 3 || random.below(5) > 0).then(|| address(random)),
        value: U256::from_be_bytes(Entropy::array::<32>(random)) >> (64 + usize::try_from(random.below(192)).unwrap()),
        data: random.bytes(100),
        fees,
    };
    let signed = key.sign_transaction(&transaction).unwrap();
    assert_eq!(
        Transaction::parse_signed(&signed.raw),
        Ok((transaction.clone(), signed.signature))
    );
    let authorizations: Vec<Value> = match &transaction.fees {
        Fees::SetCode { authorizations, .. } => authorizations.iter().map(authorization_json).collect(),
        _ => Vec::new(),
    };
    let list: Vec<Value> = access_list
        .iter()
        .map(|item| {
            let keys: Vec<String> = item.storage_keys.iter().map(B256::to_string).collect();
            json!({"address": item.address.to_string(), "storageKeys": keys})
        })
        .collect();
    line(
        "evm-transaction",
        json!({
            "type": if kind == 3 { 4 } else { kind },
            "chainId": transaction.chain_id,
            "nonce": transaction.nonce,
            "gas": transaction.gas_limit.to_string(),
            "to": transaction.to.map(|to| to.to_string()),
            "value": transaction.value.to_string(),
            "data": format!("0x{}", hex(&transaction.data)),
            "price": price.to_string(),
            "tip": tip.to_string(),
            "accessList": list,
            "authorizationList": authorizations,
            "raw": format!("0x{}", hex(&signed.raw)),
            "hash": signed.hash.to_string(),
        }),
    );
}

/// A document with random values of every type, half of them with a declared domain.
fn document(random: &Random) -> Value {
    let number = |bits: u32| {
        let bytes: [u8; 32] = random.array();
        U256::from_be_bytes(bytes) >> (256 - usize::try_from(bits).unwrap())
    };
    let signed = |bits: u32| {
        let number = number(bits - 1);
        if random.flip() {
            format!("-{number}")
        } else {
            number.to_string()
        }
    };
    let person = || {
        json!({
            "name": random.text(),
            "wallets": (0..random.below(3)).map(|_| address(random).to_string()).collect::<Vec<_>>(),
        })
    };
    let mut domain = serde_json::Map::new();
    let mut declared = Vec::new();
    let fields = [
        ("name", "string", json!(random.text())),
        // One library leaves an empty version out.
        ("version", "string", json!(format!("v{}", random.text()))),
        ("chainId", "uint256", json!(random.below(1 << 50) + 1)),
        ("verifyingContract", "address", json!(address(random).to_string())),
        (
            "salt",
            "bytes32",
            json!(format!("0x{}", hex(Entropy::array::<32>(random)))),
        ),
    ];
    for (i, (name, kind, value)) in fields.into_iter().enumerate() {
        if i == 0 || random.flip() {
            domain.insert(name.to_owned(), value);
            declared.push(json!({"name": name, "type": kind}));
        }
    }
    let mut types = json!({
        "Person": [{"name": "name", "type": "string"}, {"name": "wallets", "type": "address[]"}],
        "Mail": [
            {"name": "from", "type": "Person"},
            {"name": "to", "type": "Person[]"},
            {"name": "flag", "type": "bool"},
            {"name": "small", "type": "uint8"},
            {"name": "large", "type": "uint256"},
            {"name": "below", "type": "int64"},
            {"name": "deep", "type": "int256"},
            {"name": "grid", "type": "uint16[2][]"},
            {"name": "tag", "type": "bytes4"},
            {"name": "blob", "type": "bytes"},
            {"name": "text", "type": "string"},
        ],
    });
    if random.flip() {
        types["EIP712Domain"] = declared.into();
    }
    json!({
        "types": types,
        "primaryType": "Mail",
        "domain": domain,
        "message": {
            "from": person(),
            "to": (0..random.below(3)).map(|_| person()).collect::<Vec<_>>(),
            "flag": random.flip(),
            "small": random.below(256),
            "large": number(256).to_string(),
            "below": signed(64),
            "deep": signed(256),
            "grid": (0..random.below(3)).map(|_| [random.below(1 << 16), random.below(1 << 16)]).collect::<Vec<_>>(),
            "tag": format!("0x{}", hex(Entropy::array::<4>(random))),
            "blob": format!("0x{}", hex(random.bytes(50))),
            "text": random.text(),
        },
    })
}
