//! A row of a predecessor's report: what it says, what its code really did, what the row should be here. Figures of ours are never
//! written here.

/// What somebody else's system is said to do, as a range: both ends are the same where there is one figure.
#[derive(Clone, Copy)]
pub struct Said {
    pub low: f64,
    pub high: f64,
    /// Who says so.
    pub source: &'static str,
}

/// Which figures are better.
#[derive(Clone, Copy, PartialEq)]
pub enum Better {
    Less,
    More,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row {
    pub row: &'static str,
    pub variant: &'static str,
    pub unit: &'static str,
    pub better: Better,
    pub report: Option<Said>,
    pub really: Option<Said>,
    /// What it should be here; without it, as good as what theirs really does, or is reported to do.
    pub goal: Option<f64>,
    /// What exactly is done here.
    pub work: &'static str,
}

/// Where most figures of the predecessors come from.
pub const REPORT: &str = "its report";
/// What its report says where that is a plan or a target, and was never measured.
pub const PLAN: &str = "its plan, never measured";
/// Measured with its own code on a machine of two cores.
pub const CODE: &str = "its code, measured on a 2-core machine";

impl Row {
    const fn new(row: &'static str, unit: &'static str, better: Better) -> Self {
        Self { row, variant: "", unit, better, report: None, really: None, goal: None, work: "" }
    }

    /// A row of which less is better.
    pub const fn less(row: &'static str, unit: &'static str) -> Self {
        Self::new(row, unit, Better::Less)
    }

    /// A row of which more is better.
    pub const fn more(row: &'static str, unit: &'static str) -> Self {
        Self::new(row, unit, Better::More)
    }

    /// One of several rows of that name.
    pub const fn variant(self, variant: &'static str) -> Self {
        Self { variant, ..self }
    }

    /// What its report says.
    pub const fn report(self, figure: f64, source: &'static str) -> Self {
        Self { report: Some(Said { low: figure, high: figure, source }), ..self }
    }

    /// What its code really does.
    pub const fn really(self, figure: f64, source: &'static str) -> Self {
        self.between(figure, figure, source)
    }

    /// The same where there are several figures.
    pub const fn between(self, low: f64, high: f64, source: &'static str) -> Self {
        Self { really: Some(Said { low, high, source }), ..self }
    }

    /// What it should be here.
    pub const fn goal(self, figure: f64) -> Self {
        Self { goal: Some(figure), ..self }
    }

    /// What exactly is done here.
    pub const fn work(self, work: &'static str) -> Self {
        Self { work, ..self }
    }

    /// The name with its variant.
    pub fn name(&self) -> String {
        if self.variant.is_empty() { self.row.to_owned() } else { format!("{}, {}", self.row, self.variant) }
    }

    /// How many times better than that a figure is; against a range, than its better end. None against or of nothing at all.
    pub fn ratio(&self, said: Option<Said>, ours: f64) -> Option<f64> {
        let said = said?;
        let (over, under) = match self.better {
            Better::Less => (said.low, ours),
            Better::More => (ours, said.high),
        };
        (under > 0.0).then(|| over / under)
    }

    /// What it is to beat.
    pub fn beats(&self) -> Option<Said> {
        self.really.or(self.report)
    }
}
