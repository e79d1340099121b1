//! What was read of the calendar and the clock, in the canonical form of a kind.

use jiff::civil::{Date, DateTime, Time};
use serde_json::{Value, json};

use super::{Two, What, When};
use crate::Kind;
use crate::normalize::Prefer;

pub(in super::super) fn time(time: Time) -> String {
    if time.second() == 0 {
        format!("{:02}:{:02}", time.hour(), time.minute())
    } else {
        format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

fn moment(at: DateTime) -> String {
    format!("{}T{}", at.date(), time(at.time()))
}

fn range<T>((from, to): (Option<T>, Option<T>), show: impl Fn(T) -> String) -> Value {
    json!({ "from": from.map(&show), "to": to.map(&show) })
}

/// The readings that are preferred.
fn chosen<T: Copy>(two: Two<T>, prefer: Prefer) -> Vec<T> {
    match prefer {
        Prefer::Future => vec![two.future],
        Prefer::Past => vec![two.past],
        Prefer::Neither => vec![two.past, two.future],
    }
}

fn all<T: Copy>(list: &[Two<T>], prefer: Prefer) -> Vec<T> {
    list.iter().flat_map(|two| chosen(*two, prefer)).collect()
}

impl When {
    /// Whether it depends on the time of day of the reference.
    pub(in super::super) fn is_of_now(&self) -> bool {
        self.how == "from the time of reference"
    }

    /// Its values of a kind, none twice; nothing where it is of another kind. Where the whole text is to be the value, a day is a
    /// range of one day, and the end of a month its last day.
    pub(in super::super) fn values(&self, kind: &Kind, prefer: Prefer, whole: bool) -> Option<Vec<Value>> {
        let mut values: Vec<Value> = match (kind, &self.what) {
            (Kind::Date, What::Impossible) => vec![],
            (Kind::DateTime | Kind::DateRange | Kind::DateTimeRange, What::Impossible) if whole => vec![],
            (Kind::Date, what) => {
                self.dates(what, prefer, whole)?.into_iter().map(|day| day.to_string().into()).collect()
            }
            (Kind::Time, What::Time(times)) => times.iter().map(|at| time(*at).into()).collect(),
            (Kind::Time, What::DateTime(list)) => {
                all(list, prefer).into_iter().map(|at| time(at.time()).into()).collect()
            }
            (Kind::DateTime, What::DateTime(list)) => {
                all(list, prefer).into_iter().map(|at| moment(at).into()).collect()
            }
            (Kind::Duration, What::Length(length)) => vec![length.iso().into()],
            (Kind::DateRange, What::Days(two)) => {
                chosen(*two, prefer).into_iter().map(|days| range(days, |day| day.to_string())).collect()
            }
            (Kind::DateRange, What::Date(two)) if whole => chosen(*two, prefer)
                .into_iter()
                .map(|day| range((Some(day), Some(day)), |day| day.to_string()))
                .collect(),
            (Kind::TimeRange, What::Times(list)) => list.iter().map(|times| range(*times, time)).collect(),
            (Kind::TimeRange, What::Moments(list)) => {
                let times = |at: DateTime| at.time();
                all(list, prefer).into_iter().map(|(from, to)| range((from.map(times), to.map(times)), time)).collect()
            }
            (Kind::DateTimeRange, What::Moments(list)) => {
                all(list, prefer).into_iter().map(|moments| range(moments, moment)).collect()
            }
            (Kind::Recurrence, What::Recurring(found)) => {
                let mut value = json!({ "every": found.every.iso() });
                if let Some(map) = value.as_object_mut() {
                    found.on.map(|on| map.insert("on".into(), on.into()));
                    found.at.map(|at| map.insert("at".into(), time(at).into()));
                    found.part.map(|part| map.insert("part".into(), part.into()));
                }
                vec![value]
            }
            _ => return None,
        };
        let mut seen = Vec::new();
        values.retain(|value| {
            let new = !seen.contains(value);
            seen.push(value.clone());
            new
        });
        values.truncate(8);
        Some(values)
    }

    fn dates(&self, what: &What, prefer: Prefer, whole: bool) -> Option<Vec<Date>> {
        Some(match what {
            What::Date(two) => chosen(*two, prefer),
            What::DateTime(list) => all(list, prefer).into_iter().map(DateTime::date).collect(),
            What::Moments(list) => all(list, prefer)
                .into_iter()
                .map(|(from, to)| from.or(to).map(DateTime::date))
                .collect::<Option<Vec<_>>>()?,
            What::Days(two) if whole && self.how == "end of a period" => {
                chosen(*two, prefer).into_iter().map(|(_, to)| to).collect::<Option<Vec<_>>>()?
            }
            _ => return None,
        })
    }
}
