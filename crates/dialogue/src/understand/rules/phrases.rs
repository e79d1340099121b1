//! Words by which people steer a conversation, in English, German, Spanish and French: folded (small letters, no accents, no
//! apostrophes). These are data; how they are used stands in the other files.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a whole message, politeness aside, can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Affirm,
    Deny,
    Cancel,
    Repeat,
    Restart,
    Handoff,
    Skip,
    ChitChat,
    Help,
}

/// What an act is when it is the whole message.
pub(super) fn act(message: &str) -> Option<Act> {
    static ACTS: LazyLock<HashMap<&'static str, Act>> = LazyLock::new(|| {
        let lists: [(Act, &[&str]); 9] = [
            (Act::Affirm, AFFIRM),
            (Act::Deny, DENY),
            (Act::Cancel, CANCEL),
            (Act::Repeat, REPEAT),
            (Act::Restart, RESTART),
            (Act::Handoff, HANDOFF),
            (Act::Skip, SKIP),
            (Act::ChitChat, CHIT_CHAT),
            (Act::Help, HELP),
        ];
        lists.into_iter().flat_map(|(act, list)| list.iter().map(move |phrase| (*phrase, act))).collect()
    });
    ACTS.get(message).copied()
}

/// Phrases that are looked for at every word of a message: most words begin none of them, and are passed over at once.
#[derive(Clone, Copy)]
pub(super) struct Sought {
    bit: u8,
    pub(super) phrases: &'static [&'static str],
}

impl Sought {
    /// Whether one of the phrases begins with a word, by what [`sought`] gives for it.
    pub(super) fn may_begin(self, begins: u8) -> bool {
        begins & self.bit != 0
    }
}

/// Which phrases begin with a word.
pub(super) fn sought(word: &str) -> u8 {
    static FIRST: LazyLock<HashMap<&'static str, u8>> = LazyLock::new(|| {
        let mut first = HashMap::new();
        for sought in [CANCEL_VERBS, HANDOFF_ANYWHERE, REFUSE, REQUEST, COPULA] {
            for word in sought.phrases.iter().filter_map(|phrase| phrase.split(' ').next()) {
                *first.entry(word).or_insert(0) |= sought.bit;
            }
        }
        first
    });
    FIRST.get(word).copied().unwrap_or(0)
}

/// Said around anything.
#[rustfmt::skip]
pub(super) const POLITE: &[&str] = &[
    "please", "pls", "thanks", "thank you", "thank you very much", "thanks a lot", "well", "um", "uh", "uhm", "hmm", "hey", "hi", "hello",
    "oh", "so", "and", "ok", "okay", "bitte", "danke", "also", "hallo", "por favor", "gracias", "hola", "bueno", "sil vous plait", "sil te plait",
    "merci", "bonjour", "then", "just", "now", "ahora", "jetzt", "maintenant", "can you", "could you", "would you", "can we", "lets", "id like to",
    "i would like to", "i want to", "i need to", "id like you to", "i want you to", "konnen sie", "kannst du", "puede", "puedes", "pouvez vous", "peux tu",
];

#[rustfmt::skip]
pub(super) const AFFIRM: &[&str] = &[
    "yes", "y", "yeah", "yep", "yup", "ya", "sure", "sure thing", "ok", "okay", "alright", "all right", "correct", "right", "true", "that is correct",
    "thats correct", "that is right", "thats right", "sounds good", "that sounds good", "sounds great", "go ahead", "of course", "absolutely",
    "definitely", "certainly", "confirm", "confirmed", "i confirm", "do it", "do that", "please do", "looks good", "that looks good", "perfect", "great",
    "fine", "thats fine", "that is fine", "that works", "works for me", "exactly", "indeed", "it is", "i do", "i am", "yes it is", "yes i do", "yes i am",
    "thats it", "very well", "agreed", "thats good", "that is good", "good", "ja", "jawohl", "genau", "richtig", "stimmt", "korrekt", "in ordnung", "klar", "gerne", "passt", "ja genau",
    "einverstanden", "si", "claro", "claro que si", "correcto", "vale", "de acuerdo", "por supuesto", "exacto", "perfecto", "asi es", "oui", "ouais",
    "daccord", "d accord", "bien sur", "exactement", "cest bon", "cest ca", "cest correct", "ca marche", "volontiers", "parfait", "tout a fait",
];

#[rustfmt::skip]
pub(super) const DENY: &[&str] = &[
    "no", "n", "nope", "nah", "no way", "not really", "wrong", "incorrect", "false", "thats wrong", "that is wrong", "not correct", "thats not right",
    "that is not right", "that is not correct", "thats not correct", "thats incorrect", "dont", "do not", "dont do it", "dont do that", "never", "not at all",
    "not now", "not yet", "i dont", "i do not", "no i dont", "its not", "it is not", "not this time", "not at this time", "no need", "nein", "nee", "falsch", "auf keinen fall",
    "lieber nicht", "nicht richtig", "das stimmt nicht", "no es correcto", "incorrecto", "para nada", "claro que no", "mejor no", "non", "pas du tout",
    "ce nest pas correct", "surtout pas", "cest faux",
];

#[rustfmt::skip]
pub(super) const CANCEL: &[&str] = &[
    "cancel", "cancel it", "cancel that", "cancel this", "cancel everything", "cancel all", "stop", "stop it", "stop this", "abort", "quit", "exit",
    "never mind", "nevermind", "forget it", "forget about it", "forget that", "forget this", "i changed my mind", "i have changed my mind", "ive changed my mind", "changed my mind", "leave it",
    "drop it", "call it off", "call off", "i dont want to continue", "i dont want this anymore", "i dont want to do this", "i dont want that anymore",
    "i want out", "abbrechen", "brich ab", "abbruch", "vergiss es", "vergessen sie es", "stornieren", "stopp", "lass es", "lassen wir das", "cancelar", "cancela", "cancelalo",
    "olvidalo", "dejalo", "dejelo", "ya no quiero", "annuler", "annule", "annulez", "laisse tomber", "laissez tomber", "arrete", "arretez", "oublie", "oubliez",
];

/// By which a cancellation begins that names what it cancels.
pub(super) const CANCEL_VERBS: Sought = Sought {
    bit: 1 << 0,
    phrases: &[
        "cancel",
        "abort",
        "stop",
        "call off",
        "abbrechen",
        "storniere",
        "cancela",
        "cancelar",
        "annule",
        "annulez",
        "annuler",
    ],
};

#[rustfmt::skip]
pub(super) const REPEAT: &[&str] = &[
    "repeat", "repeat that", "repeat it", "repeat the question", "say that again", "say it again", "again", "once more", "one more time", "come again",
    "pardon", "pardon me", "excuse me", "sorry", "what", "what was that", "what did you say", "what was the question", "what did you ask",
    "you repeat that", "i didnt hear you", "i didnt hear that", "i didnt catch that", "i didnt get that", "i missed that", "repeat that again",
    "wiederholen", "wiederhole das", "wiederholen sie das", "das wiederholen", "wie bitte", "noch mal", "nochmal", "noch einmal", "was", "repite", "repita", "repitelo",
    "repetir", "otra vez", "como", "como dice", "que dijo", "repetez", "repete", "repeter", "vous repeter", "encore une fois", "comment", "quoi",
];

#[rustfmt::skip]
pub(super) const RESTART: &[&str] = &[
    "restart", "start over", "start again", "start anew", "start fresh", "begin again", "begin anew", "start from the beginning", "from the beginning",
    "start from scratch", "from the top", "reset", "go back to the beginning", "neu starten", "neustart", "von vorn", "von vorne", "neu anfangen", "noch mal von vorn",
    "von vorne anfangen", "empezar de nuevo", "empecemos de nuevo", "desde el principio", "volver a empezar", "reiniciar", "recommencer", "recommencons", "depuis le debut",
    "repartir de zero", "on recommence",
];

#[rustfmt::skip]
pub(super) const HANDOFF: &[&str] = &[
    "agent", "human", "operator", "representative", "person", "a human", "an agent", "a person", "a representative", "an operator", "support", "customer service",
    "customer support", "real person", "mitarbeiter", "mensch", "ein mensch", "agente", "humano", "una persona", "conseiller", "un humain", "un conseiller",
];

/// By which somebody asks for a person, wherever it stands.
#[rustfmt::skip]
pub(super) const HANDOFF_ANYWHERE: Sought = Sought { bit: 1 << 1, phrases: &[
    "talk to a human", "talk to a person", "talk to a real person", "talk to an agent", "talk to a representative", "talk to someone", "talk to somebody",
    "speak to a human", "speak to a person", "speak to a real person", "speak to an agent", "speak to a representative", "speak to someone", "speak to somebody",
    "speak with a human", "speak with a person", "speak with an agent", "speak with a representative", "speak with someone", "talk with a human",
    "talk with a person", "talk with an agent", "talk with someone", "human agent", "live agent", "real human", "human being", "a real person",
    "connect me to a human", "connect me with a human", "connect me to an agent", "connect me with an agent", "transfer me to a human", "transfer me to an agent",
    "mit einem menschen", "mit einem mitarbeiter", "mit einer mitarbeiterin", "mit jemandem sprechen", "echten menschen", "hablar con una persona", "hablar con un agente", "hablar con alguien",
    "hablar con un humano", "parler a un humain", "parler a un conseiller", "parler a quelquun", "parler a une personne", "parler avec un conseiller",
] };

#[rustfmt::skip]
pub(super) const SKIP: &[&str] = &[
    "skip", "skip it", "skip that", "skip this", "skip this one", "skip the question", "skip this question", "pass", "next", "next question", "no preference",
    "i have no preference", "no particular preference", "i dont care", "dont care", "it doesnt matter", "doesnt matter", "that doesnt matter", "whatever", "anything", "anything is fine",
    "any", "any is fine", "i dont mind", "i dont know", "dont know", "not sure", "im not sure", "no idea", "leave it blank", "leave it open", "id rather not say",
    "i prefer not to say", "egal", "ist mir egal", "das ist egal", "uberspringen", "weiter", "keine ahnung", "weiss nicht", "weiss ich nicht", "ich weiss nicht", "ich weiss es nicht",
    "no importa", "me da igual", "da igual", "saltar", "omitir", "no se", "no lo se", "cualquiera", "peu importe", "passer", "passe", "ca mest egal", "je ne sais pas", "nimporte",
];

#[rustfmt::skip]
pub(super) const CHIT_CHAT: &[&str] = &[
    "hi", "hi there", "hello", "hello there", "hey", "hey there", "good morning", "good afternoon", "good evening", "good day", "how are you", "how are you doing", "how are you today",
    "whats up", "nice to meet you", "thanks", "thank you", "thank you very much", "thank you so much", "thanks a lot", "many thanks", "cheers", "bye", "goodbye", "good bye", "see you", "see you later",
    "have a nice day", "have a good day", "who are you", "what are you", "are you a robot", "are you a bot", "are you human", "tell me a joke", "a joke", "you are funny", "youre funny",
    "i love you", "youre great", "you are great", "lol", "haha", "hallo", "guten morgen", "guten tag", "guten abend", "moin", "servus", "wie geht es dir", "wie gehts", "danke", "vielen dank", "danke schon", "dankeschon",
    "tschuss", "auf wiedersehen", "wer bist du", "hola", "buenos dias", "buenas tardes", "buenas noches", "que tal", "como estas", "gracias", "muchas gracias", "adios", "hasta luego", "quien eres",
    "bonjour", "salut", "bonsoir", "ca va", "comment ca va", "comment allez vous", "merci", "merci beaucoup", "au revoir", "qui es tu",
];

#[rustfmt::skip]
pub(super) const HELP: &[&str] = &[
    "help", "help me", "i need help", "need help", "what can you do", "what can i do", "what can i ask", "what are my options", "what can you help me with", "hilfe", "hilf mir", "was kannst du", "was konnen sie",
    "ich brauche hilfe", "ayuda", "ayudame", "necesito ayuda", "que puedes hacer", "aide", "aidez moi", "aide moi", "jai besoin daide", "que peux tu faire",
];

/// By which a correction begins.
#[rustfmt::skip]
pub(super) const CORRECTION: &[&str] = &[
    "i meant", "i mean", "i actually meant", "what i meant was", "i said", "actually", "rather", "id rather", "correction", "make it", "make that", "change it to", "change that to", "change to",
    "wait", "no wait", "sorry i meant", "it should be", "that should be", "should be", "instead", "ich meinte", "ich meine", "eigentlich", "doch lieber", "lieber", "besser", "quise decir", "quiero decir", "en realidad",
    "mejor", "mas bien", "je voulais dire", "je veux dire", "en fait", "plutot", "not that",
];

/// By which a slot is given another value that is named with it.
#[rustfmt::skip]
pub(super) const CHANGE: &[&str] = &[
    "change", "update", "set", "switch", "modify", "correct", "edit", "make", "move", "andere", "andern sie", "setze", "cambia", "cambiar", "cambie", "pon", "changer", "changez", "change", "modifie", "modifier", "modifiez", "mets",
];

/// Between a slot and its other value.
pub(super) const INTO: &[&str] = &["to", "into", "as", "auf", "zu", "a", "en", "por", "pour", "par", "be"];

#[rustfmt::skip]
pub(super) const CLEAR: &[&str] = &[
    "clear", "remove", "delete", "forget", "drop", "erase", "unset", "losche", "entferne", "vergiss", "borra", "quita", "elimina", "efface", "supprime", "enleve", "oublie", "retire",
];

/// By which somebody says what he does not want.
#[rustfmt::skip]
pub(super) const REFUSE: Sought = Sought { bit: 1 << 2, phrases: &[
    "dont", "do not", "please dont", "i dont want", "i do not want", "i dont want to", "i do not want to", "i dont need", "i no longer want", "i wont", "not", "ich will nicht", "ich mochte nicht", "ich mochte kein", "ich mochte keinen",
    "ich will keinen", "nicht", "no quiero", "ya no quiero", "no", "je ne veux pas", "je ne veux plus", "ne", "nunca", "never",
] };

/// By which somebody asks for something to be done.
#[rustfmt::skip]
pub(super) const REQUEST: Sought = Sought { bit: 1 << 3, phrases: &[
    "i want", "i need", "id like", "i would like", "i wish", "i have to", "i must", "i am looking", "im looking", "can you", "can i", "could you", "could i", "would you", "will you", "please", "let me", "lets", "help me", "give me",
    "get me", "show me", "find", "i also", "also", "ich will", "ich mochte", "ich brauche", "kannst du", "konnen sie", "bitte", "quiero", "quisiera", "necesito", "me gustaria", "puedes", "puede", "je veux", "je voudrais", "jai besoin",
    "jaimerais", "pouvez vous", "peux tu", 
] };

/// By which a question begins.
#[rustfmt::skip]
pub(super) const QUESTION: &[&str] = &[
    "what", "whats", "which", "who", "whos", "where", "wheres", "when", "whens", "why", "how", "hows", "is there", "are there", "do you", "does", "did", "is it", "is the", "are the", "are", "is", "can i", "may i", "was", "wer", "wo", "wann",
    "warum", "wie", "wieviel", "welche", "welcher", "welches", "gibt es", "haben sie", "hast du", "que", "cual", "quien", "donde", "cuando", "por que", "como", "cuanto", "hay", "quel", "quelle", "qui", "ou", "quand",
    "pourquoi", "comment", "combien", "est ce que", "y a t il", "tell me about", "explain",
];

/// Words that carry an answer and are no part of it, at its beginning.
#[rustfmt::skip]
pub(super) const CARRIERS: &[&str] = &[
    "its", "it is", "it will be", "it would be", "this is", "that is", "thats", "that would be", "thatd be", "there are", "there is", "im", "i am", "my name is", "the name is", "name is", "call me", "i live in", "i want", "i want it", "i want to go", "i want to go to",
    "i would like", "id like", "i need", "i prefer", "id prefer", "i choose", "i pick", "ill take", "ill have", "i will take", "i will have", "ill go with", "lets go with", "lets say", "go with", "make it", "probably", "maybe", "perhaps", "i think", "i guess", "we are", "for", "at",
    "in", "on", "to", "from", "with", "the", "a", "an", "es ist", "das ist", "ich heisse", "mein name ist", "ich bin", "ich mochte", "ich nehme", "ich wohne in", "nach", "von", "aus", "fur", "um", "am", "im", "der", "die", "das",
    "es", "soy", "me llamo", "mi nombre es", "quiero", "quisiera", "vivo en", "para", "de", "desde", "en", "el", "la", "un", "una", "cest", "je suis", "je mappelle", "mon nom est", "je veux", "je voudrais", "jhabite a", "pour", "depuis", "le", "les", "une", "okay", "ok", "well", "um", "uh", "please", "yes", "sure",
];

/// Words behind an answer that are no part of it.
pub(super) const TRAILERS: &[&str] = &[
    "please",
    "pls",
    "thanks",
    "thank you",
    "then",
    "instead",
    "bitte",
    "danke",
    "por favor",
    "gracias",
    "sil vous plait",
    "merci",
    "would be great",
    "would be fine",
    "would be good",
    "is fine",
    "works",
    "sounds good",
];

/// Between a slot's name and its value.
pub(super) const COPULA: Sought = Sought {
    bit: 1 << 4,
    phrases: &[
        "is",
        "are",
        "was",
        "will be",
        "would be",
        "should be",
        "shall be",
        "ist",
        "sind",
        "ware",
        "lautet",
        "es",
        "son",
        "sera",
        "seria",
        "est",
        "sont",
        "serait",
    ],
};

/// Words before a name that are no part of it.
pub(super) const DETERMINERS: &[&str] = &[
    "the", "my", "our", "your", "a", "an", "that", "this", "der", "die", "das", "den", "dem", "mein", "meine",
    "meinen", "unser", "el", "la", "los", "las", "mi", "un", "una", "le", "les", "mon", "ma", "notre", "une", "l",
];

/// Words before a `to` behind which a verb stands.
pub(super) const MODALS: &[&str] = &[
    "want", "like", "need", "love", "have", "wish", "me", "you", "able", "how", "ready", "trying", "prefer", "hoping",
    "planning", "plan", "try", "used", "supposed", "willing", "wanted", "needed",
];

/// Verbs that stand behind `to` without being a place one goes to.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    "book", "buy", "fly", "go", "travel", "depart", "leave", "make", "order", "reserve", "find", "search", "look", "get", "see", "know", "be", "have", "do", "take", "start", "send", "transfer", "pay", "check", "change", "cancel", "return",
    "arrive", "stay", "eat", "rent", "visit", "schedule", "set", "add", "move", "come", "use", "try", "ask", "tell", "talk", "speak", "give", "pick", "drive", "ride", "watch", "play", "listen", "withdraw", "deposit", "open", "close", "help",
    "say", "hear", "meet", "sign", "update", "correct", "modify", "confirm", "continue", "purchase", "plan", "spend", "receive", "report", "request", "view", "show",
];

#[cfg(test)]
mod tests {
    use super::super::said::Said;
    use super::*;

    #[test]
    fn what_is_looked_for_everywhere_is_found() {
        for sought in [CANCEL_VERBS, HANDOFF_ANYWHERE, REFUSE, REQUEST, COPULA] {
            for phrase in sought.phrases {
                let text = format!("Well, {phrase}");
                assert_eq!(Said::of(&text).find(sought).map(|at| at.start), Some(1), "{phrase}");
            }
        }
    }
}
