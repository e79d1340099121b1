//! What a slot's name says about the words before its value: an origin stands behind `from`, a recipient behind `to`.

use smol_str::SmolStr;

/// Behind which words a slot's value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Where something comes from.
    From,
    /// Where it goes to, or whom to.
    To,
    /// Where it is.
    At,
    /// None of these.
    None,
}

const FROM: &[&str] = &[
    "origin",
    "source",
    "from",
    "depart",
    "departs",
    "departure",
    "departing",
    "leave",
    "leaving",
    "start",
    "starting",
    "pickup",
    "sender",
    "abfahrt",
    "abflug",
    "start",
    "herkunft",
    "von",
    "origen",
    "salida",
    "desde",
    "origine",
    "depart",
    "depuis",
];
const TO: &[&str] = &[
    "destination",
    "to",
    "target",
    "arrival",
    "arrive",
    "arriving",
    "going",
    "recipient",
    "receiver",
    "payee",
    "beneficiary",
    "dropoff",
    "ziel",
    "ankunft",
    "nach",
    "empfanger",
    "destino",
    "llegada",
    "hacia",
    "destinatario",
    "arrivee",
    "vers",
    "destinataire",
];
const AT: &[&str] = &[
    "city",
    "location",
    "place",
    "area",
    "town",
    "where",
    "address",
    "venue",
    "restaurant",
    "hotel",
    "country",
    "region",
    "ort",
    "stadt",
    "ciudad",
    "lugar",
    "ville",
    "lieu",
    "adresse",
    "direccion",
];

impl Role {
    pub(crate) fn of(name: &[SmolStr], description: &[SmolStr]) -> Self {
        // In a description, short words join others and name nothing.
        let by = |words: &[SmolStr], shortest: usize| {
            let telling = || words.iter().filter(|word| word.len() >= shortest);
            let has = |list: &[&str]| telling().any(|word| list.contains(&word.as_str()));
            // What it is counts before what it is of: a departure city is an origin.
            if has(FROM) {
                Self::From
            } else if has(TO) {
                Self::To
            } else if has(AT) {
                Self::At
            } else {
                Self::None
            }
        };
        match (by(name, 1), by(description, 4)) {
            (Self::None | Self::At, Self::From) => Self::From,
            (Self::None | Self::At, Self::To) => Self::To,
            (Self::None, Self::At) if name.len() == 1 => Self::At,
            (role, _) => role,
        }
    }

    /// The role of the values behind a word, and whether the word is one that ends another value.
    pub(super) fn behind(word: &str, language: Language) -> Option<Self> {
        let other = match language {
            Language::English => &[][..],
            Language::German => &[
                ("von", Self::From),
                ("ab", Self::From),
                ("aus", Self::From),
                ("nach", Self::To),
                ("an", Self::To),
                ("zu", Self::To),
                ("zum", Self::To),
                ("zur", Self::To),
                ("in", Self::At),
                ("im", Self::At),
                ("bei", Self::At),
                ("fur", Self::None),
                ("am", Self::None),
                ("um", Self::None),
                ("mit", Self::None),
                ("und", Self::None),
                ("uber", Self::None),
            ],
            Language::Spanish => &[
                ("desde", Self::From),
                ("de", Self::From),
                ("a", Self::To),
                ("hacia", Self::To),
                ("hasta", Self::To),
                ("en", Self::At),
                ("para", Self::None),
                ("el", Self::None),
                ("con", Self::None),
                ("y", Self::None),
                ("por", Self::None),
            ],
            Language::French => &[
                ("depuis", Self::From),
                ("de", Self::From),
                ("a", Self::To),
                ("vers", Self::To),
                ("pour", Self::To),
                ("en", Self::At),
                ("dans", Self::At),
                ("le", Self::None),
                ("avec", Self::None),
                ("et", Self::None),
            ],
        };
        let english = [
            ("from", Self::From),
            ("to", Self::To),
            ("towards", Self::To),
            ("in", Self::At),
            ("at", Self::At),
            ("near", Self::At),
            ("on", Self::None),
            ("for", Self::None),
            ("by", Self::None),
            ("with", Self::None),
            ("and", Self::None),
            ("but", Self::None),
            ("via", Self::None),
            ("before", Self::None),
            ("after", Self::None),
            ("until", Self::None),
            ("around", Self::None),
            ("departing", Self::None),
            ("leaving", Self::None),
            ("arriving", Self::None),
            ("returning", Self::None),
            ("next", Self::None),
            ("instead", Self::None),
            ("please", Self::None),
            ("or", Self::None),
            ("not", Self::None),
            ("then", Self::None),
            ("tomorrow", Self::None),
            ("today", Self::None),
            ("tonight", Self::None),
        ];
        other.iter().chain(&english).find(|(known, _)| *known == word).map(|(_, role)| *role)
    }
}

/// Whose prepositions are looked for beside the English ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
    Spanish,
    French,
}
