//! The programs that a run may find itself in, which differ in who hears of its spans.

use ninefold::profile;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

#[cfg(feature = "otlp")]
use super::sink::Sink;
use super::{Report, Target};

/// Who hears of a run's spans, in the order in which they are to be measured: once somebody has listened to a span, the others pay for
/// asking whether they listen too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounted {
    /// Nobody: the host's subscriber filters all of them out.
    Off,
    /// The profile, in a host without a subscriber.
    On,
    /// The profile, as a layer of the host's subscriber.
    Registry,
    /// The same, and our export of spans over OTLP: HTTP with protobuf, to a receiver on the loopback that discards them.
    #[cfg(feature = "otlp")]
    Otlp,
}

impl Accounted {
    /// All there are.
    #[cfg(not(feature = "otlp"))]
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::Registry];
    /// All there are.
    #[cfg(feature = "otlp")]
    pub const ALL: [Self; 4] = [Self::Off, Self::On, Self::Registry, Self::Otlp];

    /// As reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "profile off",
            Self::On => "profile on",
            Self::Registry => "profile on, host's registry",
            #[cfg(feature = "otlp")]
            Self::Otlp => "profile on, OTLP",
        }
    }

    /// Makes this thread's host such a one, until it is dropped.
    pub fn host(self) -> Host {
        let registry = tracing_subscriber::registry;
        match self {
            Self::Off => Host::new(Some(tracing::subscriber::set_default(registry().with(LevelFilter::OFF)))),
            Self::On => Host::new(None),
            Self::Registry => Host::new(Some(tracing::subscriber::set_default(registry().with(profile::layer())))),
            #[cfg(feature = "otlp")]
            Self::Otlp => {
                let sink = Sink::start();
                let builder = ninefold::otlp::from_env().unwrap().endpoint(sink.address()).service_name("benchmark");
                let (layer, guard) = builder.build().unwrap();
                let subscriber = registry().with(profile::layer()).with(layer);
                Host { set: Some(tracing::subscriber::set_default(subscriber)), export: Some((guard, sink)) }
            }
        }
    }
}

/// See [`Accounted::host`].
pub struct Host {
    set: Option<DefaultGuard>,
    #[cfg(feature = "otlp")]
    export: Option<(ninefold::otlp::Guard, Sink)>,
}

impl Host {
    fn new(set: Option<DefaultGuard>) -> Self {
        Self {
            set,
            #[cfg(feature = "otlp")]
            export: None,
        }
    }

    /// Ends it. Where spans were exported, the report says how many of them arrived: a benchmark makes more spans in a second than a
    /// program does, and what finds the queue full is dropped, which costs less than sending it.
    pub fn end(self, report: &mut Report) {
        drop(self.set);
        #[cfg(feature = "otlp")]
        if let Some((guard, sink)) = self.export {
            let delivery = guard.shutdown();
            println!("export: {delivery}; {} bytes arrived", sink.bytes());
            let share = 100.0 * delivery.delivered as f64 / (delivery.ended as f64).max(1.0);
            report.value("spans that arrived, of those ended", Accounted::Otlp.name(), "%", share, Target::None);
        }
        #[cfg(not(feature = "otlp"))]
        let _: (&Report, Target) = (report, Target::None);
    }
}
