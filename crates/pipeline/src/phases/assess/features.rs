//! The features of a question that tell how hard it is, each with its name and what it says for each level.

use ninefold_core::Complexity;

use super::cues::Cue;
use super::reading::Reading;

/// A feature of a question. `FEATURES` says what each is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    AsksForFact,
    AsksForList,
    AsksWhether,
    AsksForReason,
    AsksForProcedure,
    AsksHowItWorks,
    AsksToExplain,
    AsksToMake,
    AsksForSmallAction,
    AsksWhatToDo,
    AsksForPermission,
    TellsACase,
    Command,
    ShortMechanism,
    SmallVerbBehind,
    MakingVerbBehind,
    Judgement,
    MoreJudgement,
    Degree,
    Alternatives,
    Steps,
    Everything,
    Conditions,
    GoesBadly,
    ReasonOfTrouble,
    LongReason,
    FactOfJudgement,
    AboutSeveral,
    WhetherForUs,
    TheBest,
    SecondFact,
    SecondProcedure,
    SecondAction,
    SecondJudgement,
    TwoQuestions,
    ManyQuestions,
    Enumeration,
    VeryShort,
    Short,
    Long,
    VeryLong,
    Health,
    Danger,
    LawAtStake,
    MoneyAtStake,
    SecurityAtStake,
    ProductionAtStake,
    DangerousThing,
    MoreAtStake,
    RiskAndPermission,
    RiskAndWhether,
    RiskAndJudgement,
    RiskAndOwnCase,
    Destruction,
    DestructionOfData,
    SecurityHandled,
    DataRecovered,
    Amount,
    PrivateExposed,
    CommandAtRisk,
    OnlyItsLook,
    OnlyItsMeaning,
}

/// What a feature is called in a reason, the cue whose words are shown with it, and its weights for simple, medium, complex
/// and critical. Weights are logarithms of odds, up to a common factor; they were set by hand on the developing half of
/// `data/assess.jsonl`.
pub(super) struct Row {
    pub(super) feature: Feature,
    pub(super) name: &'static str,
    pub(super) cue: Option<Cue>,
    pub(super) weights: [f32; LEVELS.len()],
}

pub(super) const LEVELS: [Complexity; 4] =
    [Complexity::Simple, Complexity::Medium, Complexity::Complex, Complexity::Critical];

/// What stands for each level before anything was seen.
pub(super) const PRIOR: [f32; LEVELS.len()] = [0.6, 0.6, 0.0, -0.4];

#[rustfmt::skip]
pub(super) const FEATURES: &[Row] = {
    use Feature as F;
    const fn row(feature: Feature, name: &'static str, cue: Option<Cue>, weights: [f32; LEVELS.len()]) -> Row {
        Row { feature, name, cue, weights }
    }
    &[
        // How it begins.
        row(F::AsksForFact, "asks for a fact", Some(Cue::Fact), [2.2, 0.2, 0.2, 0.0]),
        row(F::AsksForList, "asks for all there are of a kind", Some(Cue::Listing), [0.9, 1.5, 0.5, 0.0]),
        row(F::AsksWhether, "asks for yes or no", Some(Cue::Whether), [1.5, 0.2, 0.3, 0.3]),
        row(F::AsksForReason, "asks for a reason", Some(Cue::Why), [1.2, 0.2, 1.2, 0.0]),
        row(F::AsksForProcedure, "asks for a procedure", Some(Cue::HowTo), [0.3, 2.2, 0.0, 0.4]),
        row(F::AsksHowItWorks, "asks how something works", Some(Cue::Mechanism), [0.0, 2.2, 0.3, 0.0]),
        row(F::AsksToExplain, "asks for an explanation", Some(Cue::Explain), [0.0, 2.2, 0.4, 0.0]),
        row(F::AsksToMake, "asks for something to be made", Some(Cue::Make), [0.0, 2.2, 0.2, 0.0]),
        row(F::AsksForSmallAction, "asks for one small action", Some(Cue::Small), [2.2, 0.4, 0.0, 0.0]),
        row(F::AsksWhatToDo, "asks what should be done", Some(Cue::Deliberate), [0.0, 0.3, 2.6, 0.6]),
        row(F::AsksForPermission, "asks whether one may or must", Some(Cue::Permit), [0.8, 0.0, 0.2, 1.5]),
        row(F::TellsACase, "tells a case of one's own", Some(Cue::Own), [-0.8, 0.0, 0.0, 1.6]),
        row(F::Command, "is told as a command", None, [-0.3, 0.8, 0.3, 0.0]),
        row(F::ShortMechanism, "asks how one thing works", Some(Cue::Mechanism), [2.3, -0.4, 0.0, 0.0]),
        row(F::SmallVerbBehind, "a procedure of one small action", Some(Cue::Small), [2.6, -0.4, 0.0, 0.0]),
        row(F::MakingVerbBehind, "something is to be made", Some(Cue::Make), [-0.4, 0.6, 0.0, 0.0]),
        // What it asks for within.
        row(F::Judgement, "asks for judgement", Some(Cue::Judgement), [-0.6, -0.2, 2.2, 0.0]),
        row(F::MoreJudgement, "judgement in more than one way", None, [-0.4, -0.4, 0.9, 0.2]),
        row(F::Degree, "weighs one against another", Some(Cue::Degree), [-0.2, 0.1, 0.9, 0.0]),
        row(F::Alternatives, "names alternatives", Some(Cue::Alternative), [-0.2, 0.0, 0.5, 0.0]),
        row(F::Steps, "asks for steps", Some(Cue::Steps), [-0.6, 1.2, 0.1, 0.0]),
        row(F::Everything, "means all of it", Some(Cue::Scope), [-0.3, 0.5, 0.4, 0.0]),
        row(F::Conditions, "has conditions", Some(Cue::Condition), [-0.3, 0.2, 0.7, 0.0]),
        row(F::GoesBadly, "something goes badly", Some(Cue::Trouble), [-0.3, 0.0, 0.6, 0.2]),
        row(F::ReasonOfTrouble, "asks why it goes badly", Some(Cue::Trouble), [-1.0, 0.0, 1.6, 0.0]),
        row(F::LongReason, "a reason with many parts", None, [-1.0, 0.0, 1.0, 0.0]),
        row(F::FactOfJudgement, "no single fact answers it", None, [-1.2, 0.0, 0.6, 0.0]),
        row(F::AboutSeveral, "several things together", None, [-0.6, -0.8, 2.0, 0.0]),
        row(F::WhetherForUs, "yes or no in the asker's own case", Some(Cue::Own), [-0.9, 0.0, 1.4, 0.3]),
        row(F::TheBest, "asks for the best", Some(Cue::Degree), [-0.8, 0.0, 1.4, 0.0]),
        // How many things it asks for.
        row(F::SecondFact, "asks for a second fact", None, [-1.0, 0.9, 0.4, 0.0]),
        row(F::SecondProcedure, "asks for a procedure as well", None, [-0.8, 0.5, 0.7, 0.0]),
        row(F::SecondAction, "asks for a second action", None, [-0.6, 0.8, 0.1, 0.0]),
        row(F::SecondJudgement, "asks what should be done as well", None, [-0.8, 0.0, 1.8, 0.0]),
        row(F::TwoQuestions, "asks two questions", None, [-1.2, 0.7, 0.5, 0.0]),
        row(F::ManyQuestions, "asks several questions", None, [-1.5, 0.3, 2.6, 0.0]),
        row(F::Enumeration, "enumerates", None, [-0.5, 0.4, 0.5, 0.0]),
        row(F::VeryShort, "is very short", None, [0.9, -0.2, -0.8, 0.0]),
        row(F::Short, "is short", None, [0.4, 0.0, -0.2, 0.0]),
        row(F::Long, "is long", None, [-0.7, 0.4, 0.3, 0.0]),
        row(F::VeryLong, "is very long", None, [-1.4, 0.3, 0.9, 0.0]),
        // What could come to harm.
        row(F::Health, "health is at stake", Some(Cue::Medicine), [0.0, 0.0, 0.0, 2.6]),
        row(F::Danger, "somebody is in danger", Some(Cue::Emergency), [0.0, 0.0, 0.0, 3.4]),
        row(F::LawAtStake, "rights are at stake", Some(Cue::Law), [0.0, 0.0, 0.0, 2.0]),
        row(F::MoneyAtStake, "money is at stake", Some(Cue::Money), [0.0, 0.0, 0.0, 2.0]),
        row(F::SecurityAtStake, "security is at stake", Some(Cue::Security), [0.0, 0.0, 0.0, 2.0]),
        row(F::ProductionAtStake, "a system in use is at stake", Some(Cue::Production), [0.0, 0.0, 0.0, 1.6]),
        row(F::DangerousThing, "handles something dangerous", Some(Cue::Hazard), [0.0, 0.0, 0.0, 2.0]),
        row(F::MoreAtStake, "more than one thing is at stake", None, [0.0, -0.2, -0.2, 1.4]),
        row(F::RiskAndPermission, "harm depends on whether one may", Some(Cue::Permit), [-0.8, 0.0, 0.0, 1.6]),
        row(F::RiskAndWhether, "harm depends on yes or no", Some(Cue::Whether), [-0.4, 0.0, 0.0, 1.2]),
        row(F::RiskAndJudgement, "a judgement on what is at stake", Some(Cue::Judgement), [0.0, 0.0, 0.0, 1.2]),
        row(F::RiskAndOwnCase, "the asker's own case is at stake", Some(Cue::Own), [-0.4, 0.0, 0.0, 0.9]),
        row(F::Destruction, "takes something away", Some(Cue::Destroy), [0.2, 0.0, 0.0, 1.0]),
        row(F::DestructionOfData, "takes away data or a system in use", Some(Cue::Data), [0.0, -0.2, -0.2, 2.8]),
        row(F::SecurityHandled, "who gets at it is at stake", Some(Cue::Guard), [0.0, 0.0, 0.0, 1.2]),
        row(F::DataRecovered, "data is to be saved", Some(Cue::Data), [0.0, 0.0, 0.0, 2.4]),
        row(F::Amount, "an amount is asked for", None, [0.0, 0.0, 0.0, 1.0]),
        row(F::PrivateExposed, "what belongs in few hands could get into others", Some(Cue::Private), [0.0, 0.0, 0.0, 2.6]),
        row(F::CommandAtRisk, "is to be done at once", None, [-0.6, -0.6, 0.0, 1.2]),
        row(F::OnlyItsLook, "is about a look or a name", Some(Cue::Harmless), [1.0, 0.0, 0.0, -2.4]),
        row(F::OnlyItsMeaning, "is about what a word means", Some(Cue::Fact), [0.8, 0.2, 0.0, -1.2]),
    ]
};

/// Calls `has` for every feature of the question.
pub(super) fn each(reading: &Reading, mut has: impl FnMut(Feature)) {
    use Feature as F;
    let r = reading;
    let count = |cue| r.count(cue);
    let risks =
        [Cue::Medicine, Cue::Emergency, Cue::Law, Cue::Money, Cue::Security, Cue::Production, Cue::Hazard].map(count);
    let risk: usize = risks.iter().sum();
    let own = count(Cue::Own) > 0;
    let asked = r.words.saturating_sub(r.told);
    let judged = count(Cue::Judgement);
    let mut when = |holds: bool, feature| {
        if holds {
            has(feature);
        }
    };

    let opening = r.opening;
    when(opening == Some(Cue::Fact), F::AsksForFact);
    when(opening == Some(Cue::Listing), F::AsksForList);
    when(opening == Some(Cue::Whether), F::AsksWhether);
    when(opening == Some(Cue::Why), F::AsksForReason);
    when(opening == Some(Cue::HowTo), F::AsksForProcedure);
    when(opening == Some(Cue::Mechanism), F::AsksHowItWorks);
    when(opening == Some(Cue::Explain), F::AsksToExplain);
    when(opening == Some(Cue::Make), F::AsksToMake);
    when(opening == Some(Cue::Small), F::AsksForSmallAction);
    when(opening == Some(Cue::Deliberate), F::AsksWhatToDo);
    when(opening == Some(Cue::Permit), F::AsksForPermission);
    when(opening.is_none() && own && r.questions == 0, F::TellsACase);
    when(opening.is_none() && !own && r.questions == 0 && asked > 4, F::Command);
    when(opening == Some(Cue::Mechanism) && asked <= 6, F::ShortMechanism);
    when(opening == Some(Cue::HowTo) && r.verb == Some(Cue::Small), F::SmallVerbBehind);
    when(opening == Some(Cue::HowTo) && r.verb == Some(Cue::Make), F::MakingVerbBehind);

    when(judged > 0, F::Judgement);
    when(judged > 1, F::MoreJudgement);
    when(count(Cue::Degree) > 0, F::Degree);
    when(count(Cue::Alternative) > 0, F::Alternatives);
    when(count(Cue::Steps) > 0, F::Steps);
    when(count(Cue::Scope) > 0, F::Everything);
    when(count(Cue::Condition) > 0, F::Conditions);
    let trouble = count(Cue::Trouble) > 0;
    let reason = opening == Some(Cue::Why) || r.joins(Cue::Why);
    when(trouble, F::GoesBadly);
    when(reason && (trouble || own), F::ReasonOfTrouble);
    when(opening == Some(Cue::Why) && asked >= 8, F::LongReason);
    when(judged > 0 && opening == Some(Cue::Fact), F::FactOfJudgement);
    let joins = r.joined.iter().any(|&count| count > 0);
    when(opening == Some(Cue::Mechanism) && r.commas > 0 && !joins, F::AboutSeveral);
    when(opening == Some(Cue::Whether) && own, F::WhetherForUs);
    when(count(Cue::Degree) > 0 && matches!(opening, Some(Cue::Fact | Cue::Whether | Cue::Deliberate)), F::TheBest);

    when(r.joins(Cue::Fact) || r.joins(Cue::Mechanism), F::SecondFact);
    when(r.joins(Cue::HowTo) || r.joins(Cue::Why), F::SecondProcedure);
    when(r.joins(Cue::Make) || r.joins(Cue::Explain) || r.joins(Cue::Small), F::SecondAction);
    when(r.joins(Cue::Deliberate), F::SecondJudgement);
    when(r.questions == 2, F::TwoQuestions);
    when(r.questions > 2, F::ManyQuestions);
    when(r.commas >= 2 || r.commas == 1 && asked > 10 && r.told == 0, F::Enumeration);
    when(asked <= 5, F::VeryShort);
    when((6..=9).contains(&asked), F::Short);
    when((14..=30).contains(&asked), F::Long);
    when(asked > 30, F::VeryLong);

    let [medicine, emergency, law, money, security, production, hazard] = risks;
    when(medicine > 0, F::Health);
    when(emergency > 0, F::Danger);
    when(law > 0, F::LawAtStake);
    when(money > 0, F::MoneyAtStake);
    when(security > 0, F::SecurityAtStake);
    when(production > 0, F::ProductionAtStake);
    when(hazard > 0, F::DangerousThing);
    when(risk > 1, F::MoreAtStake);
    when(risk > 0 && opening == Some(Cue::Permit), F::RiskAndPermission);
    when(risk > 0 && opening == Some(Cue::Whether), F::RiskAndWhether);
    when(risk > 1 && judged > 0, F::RiskAndJudgement);
    when(risk > 0 && own && opening != Some(Cue::Permit), F::RiskAndOwnCase);
    let (destroy, guard, data) = (count(Cue::Destroy) > 0, count(Cue::Guard) > 0, count(Cue::Data) > 0);
    when(destroy, F::Destruction);
    when(destroy && (data || production + security + hazard > 0), F::DestructionOfData);
    when(guard && (security > 0 || production > 0), F::SecurityHandled);
    when(guard && data, F::DataRecovered);
    when(medicine > 0 && (r.number || opening == Some(Cue::Fact)), F::Amount);
    when(guard && count(Cue::Private) > 0, F::PrivateExposed);
    let command = matches!(opening, None | Some(Cue::Small | Cue::Make)) && r.questions == 0 && !own;
    when(command && money + security + production > 0, F::CommandAtRisk);
    when(risk > 0 && count(Cue::Harmless) > 0, F::OnlyItsLook);
    when(risk > 0 && asked <= 5 && opening == Some(Cue::Fact) && !own, F::OnlyItsMeaning);
}
