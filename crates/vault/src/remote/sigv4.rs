//! Signature Version 4 of AWS.

use zeroize::Zeroizing;

use crate::{Secret, hmac_sha256, sha256, text::hex};

/// What is signed: headers in lower case, in the order of their names, `host` among them.
pub(super) struct Signable<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// Where and when a signature is good.
pub(super) struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
    /// As [`timestamp`] writes it.
    pub time: &'a str,
}

/// The value of the header `authorization`.
pub(super) fn authorization(request: &Signable<'_>, scope: &Scope<'_>, access_key: &str, secret: &Secret) -> String {
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let mut headers = String::new();
    for (name, value) in request.headers {
        headers.extend([name, ":", value.trim(), "\n"]);
    }
    let canonical = [
        request.method,
        request.path,
        request.query,
        &headers,
        &names,
        &hex(&sha256(request.body)),
    ]
    .join("\n");
    let date = &scope.time[..8];
    let place = format!("{date}/{}/{}/aws4_request", scope.region, scope.service);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{place}\n{}",
        scope.time,
        hex(&sha256(canonical.as_bytes()))
    );
    let start = Zeroizing::new([b"AWS4", secret.expose()].concat());
    let mut key = Zeroizing::new(hmac_sha256(&start, &[date.as_bytes()]));
    for part in [scope.region, scope.service, "aws4_request"] {
        *key = hmac_sha256(&*key, &[part.as_bytes()]);
    }
    let signature = hex(&hmac_sha256(&*key, &[to_sign.as_bytes()]));
    format!("AWS4-HMAC-SHA256 Credential={access_key}/{place}, SignedHeaders={names}, Signature={signature}")
}

/// `20150830T123600Z` for seconds since 1970.
pub(super) fn timestamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01 in eras of 400 years, so that the leap day ends a year (Hinnant).
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{date:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in AWS' documentation of Signature Version 4.
    #[test]
    fn the_documented_example() {
        let request = Signable {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &[
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("host", "iam.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
            ],
            body: b"",
        };
        let scope = Scope {
            region: "us-east-1",
            service: "iam",
            time: "20150830T123600Z",
        };
        let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec());
        let value = authorization(&request, &scope, "AKIDEXAMPLE", &secret);
        let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
            SignedHeaders=content-type;host;x-amz-date, \
            Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert_eq!(value, expected);
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (1_709_251_199, "20240229T235959Z"),
            (1_735_689_599, "20241231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(timestamp(seconds), text);
        }
    }
}
