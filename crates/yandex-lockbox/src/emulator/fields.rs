//! The request messages: their fields and limits.

/// A request body, or a message within one.
pub(super) struct Message {
    pub(super) fields: &'static [Field],
    pub(super) union: Option<Union>,
}

/// Fields of which at most one may be set.
pub(super) struct Union {
    pub(super) name: &'static str,
    pub(super) members: &'static [&'static str],
    pub(super) needs_one: bool,
}

pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

pub(super) enum Kind {
    /// The longest text in characters, and what every character must satisfy.
    Text(usize, fn(&str) -> bool),
    Bytes(usize),
    Bool,
    Int64(i64),
    Labels,
    Mask(&'static [&'static str]),
    Duration,
    One(&'static Message),
    /// The message, and the fewest and the most of it.
    Many(&'static Message, usize, usize),
    /// The names of an enum after its default.
    Enum(&'static [&'static str]),
}

/// Any number of `message`.
const fn many(message: &'static Message) -> Kind {
    Kind::Many(message, 0, usize::MAX)
}

static PASSWORD: Message = message(&[
    text("passwordKey", 256).of(entry_key).required(),
    field("length", Kind::Int64(256)),
    field("includeUppercase", Kind::Bool),
    field("includeLowercase", Kind::Bool),
    field("includeDigits", Kind::Bool),
    field("includePunctuation", Kind::Bool),
    text("includedPunctuation", 32),
    text("excludedPunctuation", 31),
]);

static ENTRY: Message = Message {
    fields: &[
        text("key", 256).of(entry_key).required(),
        text("textValue", 65_536),
        field("binaryValue", Kind::Bytes(65_536)),
    ],
    union: Some(Union {
        name: "value",
        members: &["textValue", "binaryValue"],
        needs_one: false,
    }),
};

pub(super) static CREATE: Message = message(&[
    text("folderId", 50).required(),
    text("name", 100),
    text("description", 1024),
    field("labels", Kind::Labels),
    text("kmsKeyId", 50),
    text("versionDescription", 256),
    field("versionPayloadEntries", many(&ENTRY)),
    field("deletionProtection", Kind::Bool),
    field("createVersion", Kind::Bool),
    field("passwordPayloadSpecification", Kind::One(&PASSWORD)),
]);

pub(super) static UPDATE: Message = message(&[
    field(
        "updateMask",
        Kind::Mask(&[
            "name",
            "description",
            "labels",
            "deletionProtection",
            "passwordPayloadSpecification",
        ]),
    )
    .required(),
    text("name", 100),
    text("description", 1024),
    field("labels", Kind::Labels),
    field("deletionProtection", Kind::Bool),
    field("passwordPayloadSpecification", Kind::One(&PASSWORD)),
]);

pub(super) static ADD_VERSION: Message = message(&[
    text("description", 1024),
    field("payloadEntries", many(&ENTRY)),
    text("baseVersionId", 50),
]);

pub(super) static VERSION: Message = message(&[text("versionId", 50).required()]);

pub(super) static SCHEDULE: Message = message(&[
    text("versionId", 50).required(),
    field("pendingPeriod", Kind::Duration),
]);

static SUBJECT: Message = message(&[text("id", 100).required(), text("type", 100).required()]);

static BINDING: Message = message(&[
    text("roleId", 64).required(),
    field("subject", Kind::One(&SUBJECT)).required(),
]);

static DELTA: Message = message(&[
    field("action", Kind::Enum(&["ADD", "REMOVE"])).required(),
    field("accessBinding", Kind::One(&BINDING)).required(),
]);

pub(super) static SET_BINDINGS: Message =
    message(&[field("accessBindings", Kind::Many(&BINDING, 0, 1000))]);

pub(super) static UPDATE_BINDINGS: Message =
    message(&[field("accessBindingDeltas", Kind::Many(&DELTA, 1, 1000))]);

pub(super) static IAM_TOKEN: Message = Message {
    fields: &[text("jwt", 8000), text("yandexPassportOauthToken", 4000)],
    union: Some(Union {
        name: "identity",
        members: &["jwt", "yandexPassportOauthToken"],
        needs_one: true,
    }),
};

/// A secret as a test puts it in place; its limits are those of a request where it matters.
pub(super) static SEED: Message = message(&[
    text("id", 50),
    text("folderId", 50),
    text("createdAt", 40),
    text("name", 100),
    text("description", 1024),
    field("labels", Kind::Labels),
    text("kmsKeyId", 50),
    text("status", 50),
    field("deletionProtection", Kind::Bool),
    field("passwordPayloadSpecification", Kind::One(&PASSWORD)),
    text("currentVersionId", 50),
    field("accessBindings", many(&BINDING)),
    field("versions", many(&SEED_VERSION)),
]);

static SEED_VERSION: Message = message(&[
    text("id", 50),
    text("createdAt", 40),
    text("destroyAt", 40),
    text("description", 1024),
    text("status", 50),
    field("passwordPayloadSpecification", Kind::One(&PASSWORD)),
    field("entries", many(&ENTRY)),
]);

pub(super) static EMPTY: Message = message(&[]);

const fn message(fields: &'static [Field]) -> Message {
    Message {
        fields,
        union: None,
    }
}

const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

const fn text(name: &'static str, longest: usize) -> Field {
    field(name, Kind::Text(longest, |_| true))
}

impl Field {
    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn of(mut self, rule: fn(&str) -> bool) -> Self {
        if let Kind::Text(longest, _) = self.kind {
            self.kind = Kind::Text(longest, rule);
        }
        self
    }

    /// By its JSON name or its proto name.
    pub(super) fn is_called(&self, key: &str) -> bool {
        key == self.name || key == snake(self.name)
    }
}

fn entry_key(key: &str) -> bool {
    key.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_./\\@".contains(&b))
}

pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
