//! Who it is that exports.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;

use ninefold_core::id::RunId;

use super::names::resource::SERVICE_INSTANCE;
use super::names::resource::SERVICE_NAME;
use super::sensitive;

/// The resource with these attributes, of which later ones count before earlier ones of the same key; with the library's
/// own `telemetry.sdk.*`; and with a name and an instance where none are given. Credentials are left out.
pub(super) fn resource(attributes: &[(String, String)]) -> Resource {
    let given = attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new(SERVICE_NAME, default_name()),
            // Random, as the conventions recommend where nothing else tells instances apart.
            KeyValue::new(SERVICE_INSTANCE, RunId::random().to_string()),
        ])
        .with_attributes(given.filter(|attribute| !sensitive::is_credential(attribute)))
        .with_detector(Box::new(TelemetryResourceDetector))
        .build()
}

/// By the specification.
fn default_name() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(std::path::Path::file_name).and_then(std::ffi::OsStr::to_str);
    program.map_or_else(|| "unknown_service".to_owned(), |name| format!("unknown_service:{name}"))
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;

    fn value(resource: &Resource, key: &'static str) -> Option<String> {
        resource.get(&Key::from_static_str(key)).map(|value| value.to_string())
    }

    #[test]
    fn it_says_who_exports_and_with_what() {
        let given = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let anonymous = resource(&[]);
        assert!(value(&anonymous, SERVICE_NAME).unwrap().starts_with("unknown_service:"));
        assert_ne!(value(&anonymous, SERVICE_INSTANCE), value(&resource(&[]), SERVICE_INSTANCE));
        assert_eq!(value(&anonymous, "telemetry.sdk.language").as_deref(), Some("rust"));

        let named = resource(&given(&[("service.name", "a"), ("service.name", "b"), ("team.api_key", "hush")]));
        assert_eq!(value(&named, SERVICE_NAME).as_deref(), Some("b"));
        assert_eq!(value(&named, "team.api_key"), None);
    }
}
