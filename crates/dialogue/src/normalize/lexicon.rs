//! Words of German, Spanish and French in English, so that one grammar reads them all.

use std::collections::HashMap;
use std::sync::LazyLock;

use smol_str::SmolStr;

use super::Locale;
use super::number::small_word;

/// The English word that the grammar knows for a word of the locale's language.
pub(super) fn english(word: &str, locale: Locale) -> Option<SmolStr> {
    static GERMAN_WORDS: LazyLock<Words> = LazyLock::new(|| words(GERMAN));
    static SPANISH_WORDS: LazyLock<Words> = LazyLock::new(|| words(SPANISH));
    static FRENCH_WORDS: LazyLock<Words> = LazyLock::new(|| words(FRENCH));
    let words = match locale {
        Locale::EnUs | Locale::EnGb => return None,
        Locale::DeDe => &GERMAN_WORDS,
        Locale::EsEs => &SPANISH_WORDS,
        Locale::FrFr => &FRENCH_WORDS,
    };
    words.get(word).map(|english| SmolStr::new_static(english))
}

type Words = HashMap<&'static str, &'static str>;

/// The English words by those of another language; of a word that stands twice, the first.
fn words(table: Table) -> Words {
    let mut all = Words::new();
    for (english, words) in table {
        for word in words.split(' ') {
            all.entry(word).or_insert(english);
        }
    }
    all
}

/// The value of a German number in one word: `einundzwanzig`, `zweihundertfünf`, `dreitausendvierhundert`.
pub(super) fn compound(word: &str, locale: Locale) -> Option<u64> {
    if locale != Locale::DeDe || word.len() > 60 {
        return None;
    }
    let found = below_million(word)?;
    // What the table knows by itself is better known there.
    english(word, locale).is_none().then_some(found)
}

fn below_million(word: &str) -> Option<u64> {
    match word.split_once("tausend") {
        Some(("", rest)) => Some(1_000 + below_thousand(rest)?),
        Some((first, rest)) => Some(below_thousand(first)? * 1_000 + below_thousand(rest)?),
        None => below_thousand(word).filter(|_| !word.is_empty()),
    }
}

fn below_thousand(word: &str) -> Option<u64> {
    match word.split_once("hundert") {
        Some(("", rest)) => Some(100 + below_hundred(rest)?),
        Some((first, rest)) => {
            Some(below_hundred(first).filter(|first| (1..10).contains(first))? * 100 + below_hundred(rest)?)
        }
        None => below_hundred(word),
    }
}

fn below_hundred(word: &str) -> Option<u64> {
    let word = word.strip_prefix("und").unwrap_or(word);
    if word.is_empty() {
        return Some(0);
    }
    let simple = |word: &str| {
        let word = if word == "ein" { "eins" } else { word };
        english(word, Locale::DeDe).and_then(|word| small_word(&word)).and_then(|value| u64::try_from(value).ok())
    };
    simple(word).or_else(|| {
        let (ones, tens) = word.split_once("und")?;
        let (ones, tens) = (simple(ones)?, simple(tens)?);
        (ones < 10 && tens >= 20).then_some(ones + tens)
    })
}

/// English, and the words for it.
type Table = &'static [(&'static str, &'static str)];

const GERMAN: Table = &[
    ("january", "januar jänner jan"),
    ("february", "februar feber feb"),
    ("march", "märz maerz mär mrz"),
    ("april", "april apr"),
    ("may", "mai"),
    ("june", "juni jun"),
    ("july", "juli jul"),
    ("august", "august aug"),
    ("september", "september sep sept"),
    ("october", "oktober okt"),
    ("november", "november nov"),
    ("december", "dezember dez"),
    ("monday", "montag montags"),
    ("tuesday", "dienstag dienstags"),
    ("wednesday", "mittwoch mittwochs"),
    ("thursday", "donnerstag donnerstags"),
    ("friday", "freitag freitags"),
    ("saturday", "samstag samstags sonnabend"),
    ("sunday", "sonntag sonntags"),
    ("today", "heute"),
    ("tomorrow", "morgen"),
    ("overmorrow", "übermorgen uebermorgen"),
    ("yesterday", "gestern"),
    ("ereyesterday", "vorgestern"),
    ("tonight", "heut"),
    ("next", "nächste nächsten nächster nächstes naechsten naechste kommende kommenden"),
    ("last", "letzte letzten letzter letztes vergangene vergangenen"),
    ("this", "diese diesen dieser dieses diesem"),
    ("day", "tag tage tagen"),
    ("week", "woche wochen"),
    ("month", "monat monate monaten monats"),
    ("year", "jahr jahre jahren jahres"),
    ("hour", "stunde stunden std"),
    ("minute", "minute minuten min"),
    ("second", "sekunde sekunden sek"),
    ("weekend", "wochenende"),
    ("ago", "vor"),
    ("and", "und"),
    ("half", "halb halbe halber halbes"),
    ("quarter", "viertel"),
    ("past", "nach"),
    ("to", "bis zu"),
    ("from", "von vom ab"),
    ("between", "zwischen"),
    ("until", "spätestens"),
    ("since", "seit"),
    ("on", "am"),
    ("at", "um"),
    ("the", "der die das den dem des"),
    ("a", "ein eine einen einem einer"),
    ("o'clock", "uhr"),
    ("noon", "mittag mittags"),
    ("midnight", "mitternacht"),
    ("morning", "vormittag vormittags früh morgens"),
    ("afternoon", "nachmittag nachmittags"),
    ("evening", "abend abends"),
    ("night", "nacht nachts"),
    ("zero", "null"),
    ("one", "eins"),
    ("two", "zwei zwo"),
    ("three", "drei"),
    ("four", "vier"),
    ("five", "fünf fuenf"),
    ("six", "sechs"),
    ("seven", "sieben"),
    ("eight", "acht"),
    ("nine", "neun"),
    ("ten", "zehn"),
    ("eleven", "elf"),
    ("twelve", "zwölf zwoelf"),
    ("thirteen", "dreizehn"),
    ("fourteen", "vierzehn"),
    ("fifteen", "fünfzehn"),
    ("sixteen", "sechzehn"),
    ("seventeen", "siebzehn"),
    ("eighteen", "achtzehn"),
    ("nineteen", "neunzehn"),
    ("twenty", "zwanzig"),
    ("thirty", "dreißig dreissig"),
    ("forty", "vierzig"),
    ("fifty", "fünfzig"),
    ("sixty", "sechzig"),
    ("seventy", "siebzig"),
    ("eighty", "achtzig"),
    ("ninety", "neunzig"),
    ("hundred", "hundert"),
    ("thousand", "tausend"),
    ("million", "million millionen"),
    ("billion", "milliarde milliarden"),
    ("dozen", "dutzend"),
    ("point", "komma"),
    ("minus", "minus"),
    ("first", "erste erster ersten erstes"),
    ("second", "zweite zweiter zweiten zweites"),
    ("third", "dritte dritter dritten drittes"),
    ("fourth", "vierte vierter vierten viertes"),
    ("fifth", "fünfte fünfter fünften"),
    ("percent", "prozent"),
    ("degree", "grad"),
    ("euro", "euro euros"),
    ("cent", "cent"),
    ("meter", "meter metern"),
    ("kilometer", "kilometer kilometern"),
    ("gram", "gramm"),
    ("kilogram", "kilogramm kilo kilos"),
    ("liter", "liter litern"),
    ("old", "alt"),
    ("christmas", "weihnachten"),
];

const SPANISH: Table = &[
    ("january", "enero ene"),
    ("february", "febrero"),
    ("march", "marzo"),
    ("april", "abril abr"),
    ("may", "mayo"),
    ("june", "junio"),
    ("july", "julio"),
    ("august", "agosto ago"),
    ("september", "septiembre setiembre"),
    ("october", "octubre"),
    ("november", "noviembre"),
    ("december", "diciembre dic"),
    ("monday", "lunes"),
    ("tuesday", "martes"),
    ("wednesday", "miércoles miercoles"),
    ("thursday", "jueves"),
    ("friday", "viernes"),
    ("saturday", "sábado sabado"),
    ("sunday", "domingo"),
    ("today", "hoy"),
    ("tomorrow", "mañana manana"),
    ("yesterday", "ayer"),
    ("ereyesterday", "anteayer antier"),
    ("next", "próximo próxima proximo proxima siguiente"),
    ("last", "pasado pasada último última ultimo"),
    ("this", "este esta"),
    ("day", "día días dia dias"),
    ("week", "semana semanas"),
    ("month", "mes meses"),
    ("year", "año años"),
    ("hour", "hora horas"),
    ("minute", "minuto minutos"),
    ("second", "segundo segundos"),
    ("ago", "hace"),
    ("in", "en"),
    ("and", "y e"),
    ("half", "medio media"),
    ("quarter", "cuarto"),
    ("less", "menos"),
    ("to", "a hasta"),
    ("from", "desde"),
    ("between", "entre"),
    ("of", "de del"),
    ("the", "el la los las lo"),
    ("a", "una"),
    ("noon", "mediodía mediodia"),
    ("midnight", "medianoche"),
    ("afternoon", "tarde"),
    ("night", "noche"),
    ("zero", "cero"),
    ("one", "uno un"),
    ("two", "dos"),
    ("three", "tres"),
    ("four", "cuatro"),
    ("five", "cinco"),
    ("six", "seis"),
    ("seven", "siete"),
    ("eight", "ocho"),
    ("nine", "nueve"),
    ("ten", "diez"),
    ("eleven", "once"),
    ("twelve", "doce"),
    ("thirteen", "trece"),
    ("fourteen", "catorce"),
    ("fifteen", "quince"),
    ("sixteen", "dieciséis dieciseis"),
    ("seventeen", "diecisiete"),
    ("eighteen", "dieciocho"),
    ("nineteen", "diecinueve"),
    ("twenty", "veinte"),
    ("thirty", "treinta"),
    ("forty", "cuarenta"),
    ("fifty", "cincuenta"),
    ("sixty", "sesenta"),
    ("seventy", "setenta"),
    ("eighty", "ochenta"),
    ("ninety", "noventa"),
    ("hundred", "cien ciento"),
    ("thousand", "mil"),
    ("million", "millón millones millon"),
    ("dozen", "docena docenas"),
    ("point", "coma punto"),
    ("first", "primero primera primer"),
    ("third", "tercero tercera tercer"),
    ("percent", "porciento"),
    ("degree", "grado grados"),
    ("euro", "euro euros"),
    ("dollar", "dólar dólares dolares"),
    ("cent", "céntimo céntimos centavo centavos"),
    ("meter", "metro metros"),
    ("kilometer", "kilómetro kilómetros kilometros"),
    ("liter", "litro litros"),
    ("christmas", "navidad"),
];

const FRENCH: Table = &[
    ("january", "janvier janv"),
    ("february", "février fevrier fév"),
    ("march", "mars"),
    ("april", "avril"),
    ("may", "mai"),
    ("june", "juin"),
    ("july", "juillet"),
    ("august", "août aout"),
    ("september", "septembre"),
    ("october", "octobre"),
    ("november", "novembre"),
    ("december", "décembre decembre déc"),
    ("monday", "lundi"),
    ("tuesday", "mardi"),
    ("wednesday", "mercredi"),
    ("thursday", "jeudi"),
    ("friday", "vendredi"),
    ("saturday", "samedi"),
    ("sunday", "dimanche"),
    ("today", "aujourd"),
    ("tomorrow", "demain"),
    ("yesterday", "hier"),
    ("next", "prochain prochaine"),
    ("last", "dernier dernière"),
    ("this", "ce cette cet"),
    ("day", "jour jours"),
    ("week", "semaine semaines"),
    ("month", "mois"),
    ("year", "an ans année années"),
    ("hour", "heure heures"),
    ("minute", "minute minutes"),
    ("second", "seconde secondes"),
    ("weekend", "weekend"),
    ("in", "dans"),
    ("and", "et"),
    ("half", "demi demie"),
    ("quarter", "quart"),
    ("less", "moins"),
    ("to", "à au jusqu"),
    ("from", "depuis"),
    ("between", "entre"),
    ("of", "de du des"),
    ("the", "le la les l"),
    ("a", "une"),
    ("one", "un"),
    ("noon", "midi"),
    ("midnight", "minuit"),
    ("morning", "matin"),
    ("afternoon", "après"),
    ("evening", "soir"),
    ("night", "nuit"),
    ("zero", "zéro"),
    ("two", "deux"),
    ("three", "trois"),
    ("four", "quatre"),
    ("five", "cinq"),
    ("seven", "sept"),
    ("eight", "huit"),
    ("nine", "neuf"),
    ("ten", "dix"),
    ("eleven", "onze"),
    ("twelve", "douze"),
    ("thirteen", "treize"),
    ("fourteen", "quatorze"),
    ("fifteen", "quinze"),
    ("sixteen", "seize"),
    ("twenty", "vingt vingts"),
    ("thirty", "trente"),
    ("forty", "quarante"),
    ("fifty", "cinquante"),
    ("sixty", "soixante"),
    ("hundred", "cent cents"),
    ("thousand", "mille"),
    ("million", "million millions"),
    ("billion", "milliard milliards"),
    ("dozen", "douzaine"),
    ("point", "virgule"),
    ("first", "premier première"),
    ("percent", "pourcent"),
    ("degree", "degré degrés"),
    ("euro", "euro euros"),
    ("dollar", "dollar dollars"),
    ("cent", "centime centimes"),
    ("meter", "mètre mètres"),
    ("kilometer", "kilomètre kilomètres"),
    ("liter", "litre litres"),
    ("christmas", "noël"),
];
