//! Units of measure: their words and signs, canonical names and what they measure.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A unit: its canonical name, in the singular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Measure {
    pub name: &'static str,
}

/// Words for units, then the canonical name. Those of one or two letters are told from words by what stands before them.
const UNITS: &[(&str, &str)] = &[
    ("kilometer", "kilometers kilometre kilometres km kms"),
    ("hectometer", "hectometers hectometre hm"),
    ("decameter", "decameters decametre dam"),
    ("meter", "meters metre metres m"),
    ("decimeter", "decimeters decimetre decimetres dm"),
    ("centimeter", "centimeters centimetre centimetres cm"),
    ("millimeter", "millimeters millimetre millimetres mm"),
    ("micrometer", "micrometers micrometre micrometres micron microns μm um"),
    ("nanometer", "nanometers nanometre nanometres nm"),
    ("picometer", "picometers picometre picometres pm"),
    ("mile", "miles mi"),
    ("yard", "yards yd yds"),
    ("inch", "inches in"),
    ("foot", "feet ft"),
    ("light year", "lightyear lightyears ly"),
    ("nautical mile", "nmi"),
    ("ton", "tons tonne tonnes t"),
    ("kilogram", "kilograms kilogramme kilogrammes kg kgs kilo kilos"),
    ("gram", "grams gramme grammes g"),
    ("milligram", "milligrams milligramme milligrammes mg"),
    ("microgram", "micrograms microgramme microgrammes μg µg mcg"),
    ("pound", "pounds lb lbs"),
    ("ounce", "ounces oz"),
    ("stone", "stones"),
    ("grain", "grains"),
    ("dram", "drams drachma drachmas"),
    ("liter", "liters litre litres l ltr"),
    ("deciliter", "deciliters decilitre dl"),
    ("centiliter", "centiliters centilitre cl"),
    ("milliliter", "milliliters millilitre millilitres ml mls"),
    ("hectoliter", "hectoliters hectolitre hl"),
    ("gallon", "gallons gal"),
    ("pint", "pints pt"),
    ("quart", "quarts qt"),
    ("barrel", "barrels bbl"),
    ("cup", "cups"),
    ("tablespoon", "tablespoons tbsp"),
    ("teaspoon", "teaspoons tsp"),
    ("pinch", "pinches"),
    ("bushel", "bushels"),
    ("acre", "acres"),
    ("hectare", "hectares ha"),
    ("bit", "bits"),
    ("kilobit", "kilobits kb"),
    ("byte", "bytes"),
    ("kilobyte", "kilobytes"),
    ("megabyte", "megabytes mb"),
    ("gigabyte", "gigabytes gb"),
    ("terabyte", "terabytes tb"),
    ("petabyte", "petabytes pb"),
    ("megabit", "megabits"),
    ("gigabit", "gigabits"),
    ("knot", "knots kn"),
    ("mile per hour", "mph"),
    ("kilometer per hour", "kph kmph kmh"),
    ("radian", "radians rad"),
    ("turn", "turns"),
    ("degree", "degrees deg °"),
];

/// Units of time below a speed.
const TIMES: &[(&str, &str)] = &[
    ("hour", "hours h hr"),
    ("minute", "minutes min"),
    ("second", "seconds s sec"),
    ("millisecond", "milliseconds ms"),
];

type Names = HashMap<&'static str, &'static str>;

/// The canonical names by all words; of a word that stands twice, the first.
fn names(table: &'static [(&'static str, &'static str)]) -> Names {
    let mut names = Names::new();
    for (name, words) in table {
        for word in std::iter::once(*name).chain(words.split(' ')) {
            names.entry(word).or_insert(name);
        }
    }
    names
}

/// The unit of length, area, volume, weight, speed, data or angle that a word or sign is.
pub(super) fn measure(word: &str) -> Option<Measure> {
    static NAMES: LazyLock<Names> = LazyLock::new(|| names(UNITS));
    NAMES.get(word).map(|name| Measure { name })
}

/// The unit of time that a speed is told by.
pub(super) fn time(word: &str) -> Option<&'static str> {
    static NAMES: LazyLock<Names> = LazyLock::new(|| names(TIMES));
    NAMES.get(word).copied()
}

/// Whether a word counts what stands before it, so that the number there is no year.
pub(super) fn is_counted(word: &str) -> bool {
    (word.len() > 1 && word != "in" && measure(word).is_some())
        || matches!(
            word,
            "dollars"
                | "dollar"
                | "euros"
                | "euro"
                | "pounds"
                | "bucks"
                | "percent"
                | "people"
                | "yen"
                | "usd"
                | "eur"
                | "hours"
                | "hrs"
                | "million"
                | "thousand"
                | "rooms"
                | "guests"
                | "items"
                | "times"
        )
}
