//! The corners of rewriting; what whole runs look like is in `tests/it/otlp/exported.rs`.

use opentelemetry::KeyValue;
use proptest::prelude::*;

use super::*;

fn values(attributes: &[KeyValue]) -> Vec<String> {
    attributes.iter().map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect()
}

#[test]
fn of_values_for_one_key_the_last_stays_in_its_place() {
    let mut attributes = vec![
        KeyValue::new("a", 1),
        KeyValue::new("b", 2),
        KeyValue::new("a", 3),
        KeyValue::new("c", 4),
        KeyValue::new("b", 5),
    ];
    keep_last(&mut attributes);
    assert_eq!(values(&attributes), ["a=3", "c=4", "b=5"]);
}

proptest! {
    #[test]
    fn every_key_stays_once_with_its_last_value(said in prop::collection::vec((0_u8..6, any::<i64>()), 0..20)) {
        let mut attributes: Vec<KeyValue> =
            said.iter().map(|(key, value)| KeyValue::new(key.to_string(), *value)).collect();
        let last: std::collections::BTreeMap<String, i64> =
            said.iter().map(|(key, value)| (key.to_string(), *value)).collect();
        keep_last(&mut attributes);
        prop_assert_eq!(attributes.len(), last.len());
        for attribute in &attributes {
            prop_assert_eq!(&attribute.value, &Value::I64(last[attribute.key.as_str()]));
        }
    }
}
