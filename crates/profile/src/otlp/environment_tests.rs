//! Every variable, well and badly set.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Builder, Error> {
    let look_up =
        |name: &str| Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()));
    Environment(&look_up).read()
}

fn url(variables: &[(&str, &str)]) -> String {
    read(variables).unwrap().connection.url().unwrap()
}

#[test]
fn without_variables_the_defaults_hold() {
    let builder = read(&[]).unwrap();
    assert!(!builder.disabled && !builder.content);
    assert_eq!((builder.queue_size, builder.batch_size, builder.interval), (65_536, 512, Duration::from_secs(5)));
    assert_eq!(builder.connection.timeout(), Duration::from_secs(10));
    assert_eq!(builder.connection.url().unwrap(), "http://localhost:4318/v1/traces");
    assert!(format!("{:?}", builder.sampler).starts_with("ParentBased(AlwaysOn"));
}

#[test]
fn an_empty_value_is_none() {
    assert_eq!(
        url(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " "), ("OTEL_SDK_DISABLED", "")]),
        "http://localhost:4318/v1/traces"
    );
}

#[test]
fn what_is_said_for_traces_counts_before_what_is_said_for_all() {
    let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:1");
    assert_eq!(url(&[all]), "http://all:1/v1/traces");
    assert_eq!(url(&[all, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:2/in")]), "http://traces:2/in");
    let both = [("OTEL_EXPORTER_OTLP_TIMEOUT", "1"), ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250")];
    assert_eq!(read(&both).unwrap().connection.timeout(), Duration::from_millis(250));
    let both = [("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"), ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none")];
    assert!(read(&both[..1]).unwrap().connection.gzip && !read(&both).unwrap().connection.gzip);
    let both = [("OTEL_EXPORTER_OTLP_HEADERS", "a=1"), ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2")];
    let headers = read(&both).unwrap().connection.headers;
    assert_eq!(headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn an_export_can_be_switched_off_whatever_else_is_set() {
    for off in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
        assert!(read(&[off, ("OTEL_EXPORTER_OTLP_PROTOCOL", "pigeon")]).unwrap().disabled, "{off:?}");
    }
    let on = [("OTEL_SDK_DISABLED", "false"), ("OTEL_TRACES_EXPORTER", "otlp")];
    assert!(!read(&on).unwrap().disabled);
}

#[test]
fn who_exports_and_how_much_is_read() {
    let builder = read(&[
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment.environment.name=prod%20eu"),
        ("OTEL_SERVICE_NAME", "b"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "2048"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "16"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "4"),
    ])
    .unwrap();
    let pairs: Vec<(&str, &str)> = builder.resource.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("service.name", "a"), ("deployment.environment.name", "prod eu"), ("service.name", "b")]);
    assert_eq!((builder.queue_size, builder.batch_size, builder.interval), (2048, 64, Duration::from_millis(200)));
    assert_eq!((builder.attributes, builder.links), (16, 4));
}

#[test]
fn samplers_are_read() {
    for (name, argument, sampler) in [
        ("always_on", "", "AlwaysOn"),
        ("always_off", "", "AlwaysOff"),
        ("traceidratio", "0.25", "TraceIdRatioBased(0.25)"),
        ("traceidratio", "", "TraceIdRatioBased(1.0)"),
        ("parentbased_always_off", "", "ParentBased(AlwaysOff"),
        ("parentbased_traceidratio", "0.5", "ParentBased(TraceIdRatioBased(0.5)"),
    ] {
        let builder = read(&[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)]).unwrap();
        assert!(format!("{:?}", builder.sampler).starts_with(sampler), "{name}: {:?}", builder.sampler);
    }
}

#[test]
fn content_is_a_choice() {
    for (value, content) in
        [("true", true), ("span_only", true), ("SPAN_AND_EVENT", true), ("false", false), ("no_content", false)]
    {
        let builder = read(&[("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", value)]).unwrap();
        assert_eq!(builder.content, content, "{value}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    for (name, value) in [
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "pigeon"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hush"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "bad name=hush"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=hush%0A"),
        ("OTEL_RESOURCE_ATTRIBUTES", "hush"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "-1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1048577"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "18446744073709551615"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "few"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "-1"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "perhaps"),
    ] {
        let error = read(&[(name, value)]).map(|_| ()).unwrap_err();
        assert_eq!(error.setting(), name);
        assert!(!error.to_string().contains("hush"), "{error}");
    }
    let ratio = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")];
    assert_eq!(read(&ratio).map(|_| ()).unwrap_err().setting(), "OTEL_TRACES_SAMPLER_ARG");
    let endpoint = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")]).unwrap();
    assert_eq!(endpoint.connection.url().unwrap_err().setting(), "OTEL_EXPORTER_OTLP_ENDPOINT");
}

#[test]
fn long_and_hostile_values_are_cut_in_errors() {
    let error = read(&[("OTEL_TRACES_SAMPLER", &"\u{1b}[31m".repeat(1000))]).map(|_| ()).unwrap_err().to_string();
    assert!(error.len() < 400 && !error.contains('\u{1b}'), "{error}");
}

#[cfg(feature = "otlp-grpc")]
#[test]
fn grpc_has_a_port_of_its_own_and_no_path() {
    let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert_eq!(url(&[grpc]), "http://localhost:4317/");
    assert_eq!(url(&[grpc, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:9")]), "http://c:9/");
}

#[cfg(not(feature = "otlp-grpc"))]
#[test]
fn grpc_is_refused_where_it_is_not_built_in() {
    let error = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("otlp-grpc"), "{error}");
}
