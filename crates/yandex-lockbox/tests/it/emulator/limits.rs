//! Every limit of the schema, on both its sides.

use std::fmt::Write as _;

use polyvault_testkit::fixture;
use polyvault_yandex_lockbox::emulator::Emulator;
use serde_json::{Map, Value, json};

use crate::raw::{Answer, FOLDER, SECRET, VERSION, send, with_db};

/// Methods that the stand-in answers 501.
const NOT_BUILT: [&str; 3] = ["Cancel", "CreateForServiceAccount", "Revoke"];

type Message = Map<String, Value>;

#[tokio::test]
async fn every_limit_of_the_schema_is_refused_beyond_and_allowed_at() {
    let schema = Schema::load();
    let mut walked = 0;
    for method in schema.0["methods"].as_array().unwrap() {
        if NOT_BUILT.contains(&text(&method["method"])) {
            continue;
        }
        let emulator = with_db().await;
        for limit in schema.limits(text(&method["request"])) {
            limit.check(&emulator, method).await;
            walked += 1;
        }
    }
    // Counted in the schema: as often as a method's request leads to each.
    assert_eq!(walked, 119);
}

/// One rule of one field, and whole requests: some that keep to it and some that don't.
struct Limit {
    path: String,
    kept: Vec<Message>,
    broken: Vec<Message>,
}

impl Limit {
    async fn check(&self, emulator: &Emulator, method: &Value) {
        let about = |request: &Message| {
            let mut request = Value::from(request.clone()).to_string();
            request.truncate(200);
            format!("{}: {}: {request}", text(&method["method"]), self.path)
        };
        for request in &self.broken {
            let answer = ask(emulator, method, request).await;
            let told = (answer.status, answer.at("/code"), violated(&answer));
            assert_eq!(
                told,
                (400, &json!(3), Some(&*self.path)),
                "{}",
                about(request)
            );
        }
        for request in &self.kept {
            let answer = ask(emulator, method, request).await;
            if self.path == "pageToken" && answer.status != 200 {
                // It makes no token as long as may be, and refuses what it did not make.
                assert!(text(answer.at("/message")).ends_with("is no token of this list"));
                continue;
            }
            assert_ne!(violated(&answer), Some(&*self.path), "{}", about(request));
        }
    }
}

struct Schema(Value);

impl Schema {
    fn load() -> Self {
        let path = fixture::folder("yandex-lockbox").join("schema/schema.json");
        Self(std::fs::read_to_string(path).unwrap().parse().unwrap())
    }

    /// The limits of a message and of those within it.
    fn limits(&self, message: &str) -> Vec<Limit> {
        let mut limits = Vec::new();
        for field in self.fields(message) {
            let name = text(&field["json_name"]);
            let with = |values: Vec<Value>| {
                let with = |value| self.with(message, name, value);
                values.into_iter().map(with).collect()
            };
            for (kept, broken) in self.values(field) {
                limits.push(Limit {
                    path: name.to_owned(),
                    kept: with(kept),
                    broken: with(broken),
                });
            }
            let within = text(&field["type"]);
            if self.0["messages"].get(within).is_none() {
                continue;
            }
            let repeated = text(&field["cardinality"]) == "repeated";
            let at = if repeated { "[0]" } else { "" };
            for limit in self.limits(within) {
                let wrap = |inner: Vec<Message>| {
                    let values = inner.into_iter().map(|inner| match repeated {
                        true => json!([inner]),
                        false => inner.into(),
                    });
                    with(values.collect())
                };
                limits.push(Limit {
                    path: format!("{name}{at}.{}", limit.path),
                    kept: wrap(limit.kept),
                    broken: wrap(limit.broken),
                });
            }
        }
        for union in self.unions(message) {
            let members = strings(&union["json_names"]);
            let mut none = self.least(message);
            none.retain(|name, _| !members.contains(&name.as_str()));
            let mut all = none.clone();
            for field in self.fields(message) {
                let name = text(&field["json_name"]);
                if members.contains(&name) {
                    all.insert(name.to_owned(), self.sample(field));
                }
            }
            let one = |name: &&str| self.with(message, name, all[*name].clone());
            limits.push(Limit {
                path: text(&union["name"]).to_owned(),
                kept: members.iter().map(one).collect(),
                broken: vec![none, all.clone()],
            });
        }
        limits
    }

    /// Values of a field, for each of its rules: kept and broken; null is absent.
    fn values(&self, field: &Value) -> Vec<(Vec<Value>, Vec<Value>)> {
        let (rules, kind) = (&field["validation"], text(&field["type"]));
        let map = text(&field["cardinality"]) == "map";
        let as_field = |text: String| match map {
            true => json!({"a": text}),
            false => text.into(),
        };
        let mut values = Vec::new();
        if rules["required"] == true {
            let mut broken = vec![Value::Null];
            if kind == "string" || kind == "google.protobuf.FieldMask" {
                broken.push("".into());
            }
            if let Some(names) = self.0["enums"].get(kind) {
                broken.extend([names["values"][0]["name"].clone(), 0.into()]);
            }
            values.push((Vec::new(), broken));
        }
        if let Some((_, most)) = range(&rules["length"]) {
            let value = |count: usize| match kind {
                "bytes" => base64(count).into(),
                _ if text(&field["json_name"]).ends_with("cludedPunctuation") => {
                    "!".repeat(count).into()
                }
                _ => as_field("a".repeat(count)),
            };
            values.push((vec![value(most)], vec![value(most + 1)]));
        }
        if let Some(pattern) = rules["pattern"].as_str() {
            let (kept, broken) = examples(pattern);
            let all = |texts: Vec<String>| texts.into_iter().map(as_field).collect();
            values.push((all(kept), all(broken)));
        }
        if let Some((fewest, most)) = range(&rules["size"]) {
            let value = |count: usize| match map {
                true => (0..count).map(|n| (format!("k{n}"), json!("v"))).collect(),
                false => vec![self.sample(field)[0].clone(); count].into(),
            };
            let mut broken = vec![value(most + 1)];
            if fewest > 0 {
                broken.extend([value(fewest - 1), Value::Null]);
            }
            values.push((vec![value(fewest), value(most)], broken));
        }
        if let Some((fewest, most)) = range(&rules["value"]) {
            let mut broken = vec![json!(most + 1)];
            if text(&rules["value"]).starts_with("0-") {
                broken.push((-1).into());
            }
            values.push((vec![json!(fewest), json!(most)], broken));
        }
        if let Some(rules) = rules.get("map_key") {
            let keyed = |key: String| json!({key: "v"});
            let (_, most) = range(&rules["length"]).unwrap();
            let (at, beyond) = ("a".repeat(most), "a".repeat(most + 1));
            values.push((vec![keyed(at)], vec![keyed(beyond)]));
            let (kept, broken) = examples(text(&rules["pattern"]));
            let all = |texts: Vec<String>| texts.into_iter().map(keyed).collect();
            values.push((all(kept), all(broken)));
        }
        values
    }

    /// The least that a message must hold, and this field; null takes it away.
    fn with(&self, message: &str, name: &str, value: Value) -> Message {
        let mut made = self.least(message);
        for union in self.unions(message) {
            let members = strings(&union["json_names"]);
            if members.contains(&name) {
                made.retain(|other, _| !members.contains(&other.as_str()));
            }
        }
        match value {
            Value::Null => made.remove(name),
            value => made.insert(name.to_owned(), value),
        };
        made
    }

    fn least(&self, message: &str) -> Message {
        let unions: Vec<&str> = self
            .unions(message)
            .map(|union| strings(&union["json_names"])[0])
            .collect();
        let needed = |field: &&Value| {
            let rules = &field["validation"];
            rules["required"] == true
                || range(&rules["size"]).is_some_and(|(fewest, _)| fewest > 0)
                || unions.contains(&text(&field["json_name"]))
        };
        let needed = self.fields(message).iter().filter(needed);
        needed
            .map(|field| (text(&field["json_name"]).to_owned(), self.sample(field)))
            .collect()
    }

    fn sample(&self, field: &Value) -> Value {
        let value: Value = match (text(&field["json_name"]), text(&field["type"])) {
            ("folderId", _) => FOLDER.into(),
            ("secretId" | "resourceId", _) => SECRET.into(),
            ("versionId", _) => VERSION.into(),
            ("updateMask", _) => "name".into(),
            ("action", _) => "ADD".into(),
            (_, "string") => "a".into(),
            (_, message) => self.least(message).into(),
        };
        match text(&field["cardinality"]) {
            "repeated" => json!([value]),
            _ => value,
        }
    }

    fn fields(&self, message: &str) -> &[Value] {
        self.0["messages"][message]["fields"].as_array().unwrap()
    }

    /// Those of which exactly one member must be set.
    fn unions(&self, message: &str) -> impl Iterator<Item = &Value> {
        let unions = self.0["messages"][message]["oneofs"].as_array();
        let exactly = |union: &&Value| union["exactly_one"] == true;
        unions.into_iter().flatten().filter(exactly)
    }
}

/// Texts that match a pattern as a whole, and texts that don't.
fn examples(pattern: &str) -> (Vec<String>, Vec<String>) {
    let (kept, broken): (&[&str], &[&str]) = match pattern {
        r"[-_./\\@0-9a-zA-Z]+" => (&[r"A-z_0./\@9"], &["a b", "a+", "ключ", "a\n"]),
        "[-_0-9a-z]*" => (&["", "-_09az"], &["A", "a.b", "я", "a\n"]),
        "[a-z][-_0-9a-z]*" => (&["a", "a-_09z"], &["", "1a", "_a", "aB", "a.b", "a\n"]),
        other => panic!("no examples of {other}"),
    };
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    (owned(kept), owned(broken))
}

/// Sends a request's fields where the method has them: in the path, the query or the body.
async fn ask(emulator: &Emulator, method: &Value, request: &Message) -> Answer {
    let mut rest = request.clone();
    let mut path = text(&method["path"]).to_owned();
    if let Some(open) = path.find('{') {
        let close = path.find('}').unwrap();
        let id = rest.remove(strings(&method["path_json_names"])[0]);
        let id = id.map(|id| text(&id).to_owned()).unwrap_or_default();
        path.replace_range(open..=close, &id);
    }
    let body = (method["body"] == "*").then(|| Value::from(rest.clone()));
    if body.is_none() {
        let mut pairs = String::new();
        query(&rest, "", &mut pairs);
        path = format!("{path}?{}", pairs.trim_end_matches('&'));
    }
    send(
        emulator,
        text(&method["http_verb"]),
        &path,
        body.as_ref(),
        None,
    )
    .await
    .unwrap()
}

fn query(fields: &Message, above: &str, pairs: &mut String) {
    for (name, value) in fields {
        match value {
            Value::Object(within) => query(within, &format!("{above}{name}."), pairs),
            Value::String(text) => write!(pairs, "{above}{name}={text}&").unwrap(),
            number => write!(pairs, "{above}{name}={number}&").unwrap(),
        }
    }
}

fn violated(answer: &Answer) -> Option<&str> {
    let details = answer.at("/details/0");
    assert!(details.is_null() || details["@type"].is_string());
    details["fieldViolations"][0]["field"].as_str()
}

/// `<=N` or `M-N`.
fn range(rule: &Value) -> Option<(usize, usize)> {
    let (fewest, most) = match rule.as_str()?.split_once('-') {
        Some((fewest, most)) => (fewest, most),
        None => ("0", rule.as_str()?.strip_prefix("<=").unwrap()),
    };
    Some((fewest.parse().unwrap(), most.parse().unwrap()))
}

/// So many bytes.
fn base64(count: usize) -> String {
    let rest = ["", "AA==", "AAA="][count % 3];
    format!("{}{rest}", "AAAA".repeat(count / 3))
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(text).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
