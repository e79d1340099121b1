//! The words that tell something, by what they tell. Eleven languages: English, German, French, Spanish, Italian, Portuguese,
//! Dutch, Russian, Arabic, Chinese, Japanese.
//!
//! Cues stand as `reading` folds text: lower case, no accents (`ä` is `a`, `ß` is `ss`), one blank between words, marks gone.
//! `compar*` is a beginning, `vs` a whole word, `pros and cons` a phrase; in scripts without blanks a cue is found wherever it
//! stands. Of several cues at one place the longest counts.

use super::cues::Cue;

/// What opens a question, a sentence of it, or a clause after a conjunction; a verb also right behind such an opening.
#[rustfmt::skip]
pub(super) const OPENINGS: &[(Cue, &str)] = &[
    // Said before the question proper; what follows is its opening.
    (Cue::Polite, "please, hi, hello, hey, ok, okay, can you, could you, would you, will you, just, so, now, well, i want you to, \
        i need you to, i d like you to, i would like you to, help me, help me to, i need to know, i want to know, i would like to know, \
        i d like to know, tell me, do you know, any idea, i need to, we need to, i want to, we want to, to, give me, show me, \
        let us, let s, also, then, and, or, but, \
        bitte, kannst du, konnen sie, konntest du, konnten sie, hallo, sag mir, hilf mir, ich mochte wissen, und, oder, dann, \
        s il vous plait, s il te plait, peux tu, pouvez vous, bonjour, dis moi, aide moi a, et, ou, je dois, \
        por favor, puedes, podrias, hola, dime, ayudame a, y, e, o, voce pode, pode, ola, me ajude a, \
        per favore, puoi, potresti, ciao, dimmi, aiutami a, ed, \
        alsjeblieft, kun je, kunt u, hallo, help me, en, of, пожалуйста, скажи, скажите, подскажите, привет, и, или, помоги, \
        من فضلك, هل يمكنك, اريد ان"),
    (Cue::Whether, "is the, is this, is that, is it, are the, are these, does the, does it, does this, does, do the, do, has the, has, have, can the, will the, is, are, did, was, were, is it true, \
        gibt es, ist, sind, hat, haben, est ce que, y a t il, existe t il, es, hay, tiene, esta, e verdad, e, c e, ha, esiste, tem, existe, is er, zijn, heeft, есть ли, является ли, هل, هل يوجد, 是不是, 有没有, 吗, ありますか, ですか"),
    (Cue::Listing, "what are the, what are all, which are the, what kinds of, what types of, was sind die, welche arten, quels sont les, quelles sont les, cuales son los, cuales son las, quais sao os, quais sao as, quali sono i, quali sono le, quali sono gli, wat zijn de, welke soorten, каковы, какие бывают, какие есть, ما هي انواع, ما انواع, 有哪些, 哪些, どんな種類, どのような"),
    (Cue::Fact, "in what year, in what, by whom, to whom, como se llama, como se llaman, como se dice, en que ano, in che anno, em que ano, como se chama, comment s appelle, comment s appellent, come si chiama, come si chiamano, hoe heet, hoe heten, in welk jaar, in welchem jahr, en quelle annee, в каком году, в каком, где находится, который, ما اسم, في اي, 有多长, 有多高, 有多大, 哪一个, 叫什么, 多长时间, 几岁, 哪年, 読み方は, 何という, どの, 何歳, 何曜日, \
        what, what s, what is, what are, what was, what were, who, who s, whose, whom, when, where, where s, which, which one, \
        how many, how tall, how far, how old, how big, how long, how often, how high, how fast, how heavy, how wide, how large, \
        how much, at what time, at which, on which, in which, in what, on what, from which, is there, are there, \
        wer, wen, wem, wann, wo, wohin, woher, was, was ist, was bedeutet, was heisst, welche, welcher, welches, welchen, wie viel, wie viele, \
        wie hoch, wie lang, wie lange, wie weit, wie alt, wie gross, wie heisst, wie heissen, wie oft, wie spat, in welchem, in welcher, \
        qui, quand, ou se trouve, ou est, ou sont, ou, quel, quelle, quels, quelles, combien, qu est ce que, qu est ce qu, que signifie, \
        a quelle heure, dans quel, dans quelle, est ce que, y a t il, \
        quien, quienes, cuando, donde, cual, cuales, cuanto, cuanta, cuantos, cuantas, que, que es, que significa, a que hora, en que, hay, \
        chi, quando, dove, dov e, qual, quale, quali, quanto, quanta, quanti, quante, che cosa, cosa, cos e, che, a che ora, in che, c e, \
        quem, onde, qual e, quantos, quantas, o que, o que e, que horas, a que horas, em que, \
        wie, wie is, wanneer, waar, wat, welk, welke, hoeveel, hoe laat, hoe lang, hoe ver, hoe oud, hoe hoog, hoe heet, is er, \
        кто, когда, где, куда, откуда, какой, какая, какое, какие, сколько, что такое, что значит, что означает, как зовут, как называется, чей, во сколько, \
        من, متى, اين, كم, كم عدد, كم يبلغ, ما, ما هو, ما هي, ماذا, اي, \
        谁, 哪里, 哪儿, 在哪, 什么时候, 何时, 多少, 多高, 多长, 多大, 几点, 几个, 是什么, 什么意思, 哪个, 哪一年, 返回什么, 做什么, \
        誰, どこ, いつ, 何時, 何ですか, 何人, 何年, いくつ, いくら, どれくらい, どのくらい, 何メートル, 何と言, とは, 何番, 何日, 何を, 何語"),
    (Cue::Why, "what drives, what went wrong, what led to, what leads, what determines, what shapes, what triggers, what made, what is behind, what s behind, what accounts for, what keeps, wie kommt es, was ist der grund, was steckt hinter, qu est ce qui explique, quelles sont les causes, cuales son las causas, quais sao as causas, quali sono le cause, wat is de oorzaak, в чем причина, каковы причины, ما الذي يجعل, 是什么原因, 什么导致, 何が原因, \
        why, how come, for what reason, what explains, what causes, what caused, what is the reason, what are the reasons, what makes, \
        find out why, warum, wieso, weshalb, woran liegt, pourquoi, d ou vient, por que, a que se debe, por que razao, perche, come mai, \
        waarom, hoe komt het, почему, отчего, зачем, لماذا, ما سبب, ما اسباب, 为什么, 为何, 为啥, なぜ, どうして, なんで"),
    (Cue::HowTo, "what do i say, what do i write, what do i bring, what do i pack, what do i, what do we, what has to happen, what must happen, what goes where, was muss, was brauche ich, was gehort in, de quoi ai je besoin, que necesito, o que preciso para, cosa serve per, wat heb ik nodig, что нужно для, что нужно, ماذا احتاج, 需要什么, 需要准备, 何が必要, 何を準備, \
        how do i, how do we, how do you, how does one, how to, how can i, how can we, how can you, how can one, how could i, how could we, \
        how would i, how did you, how do people, what do i need to, what do we need to, what do i have to, what is the procedure, what s the procedure, \
        what are the steps, what steps, which steps, what is the process, ways to, way to, walk me through, walk us through, guide me, teach me, \
        wie mache ich, wie mach ich, wie kann ich, wie kann man, wie konnen wir, wie richte ich, wie beantrage ich, wie erstelle ich, wie installiere ich, wie bekomme ich, wie backe ich, \
        wie koche ich, wie baue ich, wie schreibe ich, wie wechsle ich, wie fuge ich, wie stelle ich, wie lege ich, wie bereite ich, wie andere ich, wie plane ich, wie geht man, wie macht man, \
        wie soll ich, wie gehe ich, wie verbinde ich, wie konfiguriere ich, wie organisiere ich, was muss ich tun, welche schritte, \
        comment faire, comment puis je, comment peut on, comment je peux, comment dois je, comment, quelles sont les etapes, \
        como puedo, como hago, como se hace, como se, como, como podemos, que pasos, como faco, como posso, como fazer, quais sao os passos, \
        come faccio, come posso, come si, come si fa, come, come possiamo, quali sono i passi, \
        hoe kan ik, hoe maak ik, hoe doe ik, hoe stel ik, hoe moet ik, hoe kunnen we, hoe kan je, hoe installeer ik, hoe vraag ik, hoe bak ik, hoe schrijf ik, hoe plan ik, hoe, welke stappen, \
        как, как мне, как сделать, как можно, каким образом, какие шаги, كيف, كيف يمكنني, كيف اقوم, ما هي خطوات, ما خطوات, \
        如何, 怎么, 怎样, 怎么做, 请教, 步骤, 流程, 方法, 做法, どうやって, どうすれば, 方法, やり方, 作り方, 手順, 使い方, 書き方, の仕方"),
    (Cue::Mechanism, "how do, how can, what are the stages, what are the phases, what are the parts, \
        how does, how is, how are, how did, how will, how was, how were, how has, what happens, wie funktioniert, wie funktionieren, wie wird, wie werden, wie entsteht, was passiert, \
        comment fonctionne, comment fonctionnent, comment marche, como funciona, como funcionan, como funcionam, que pasa cuando, come funziona, come funzionano, hoe werkt, hoe werken, hoe wordt, \
        как работает, как работают, как устроен, как происходит, كيف يعمل, كيف تعمل, 如何工作, 怎么工作, 工作原理, 原理, どのように動作, どのように機能, 仕組み"),
    (Cue::Explain, "trace, trace how, recount, narrate, sketch, compile a, characterise, characterize, identify, gib einen uberblick, donne un apercu, da una panoramica, 列举, 阐述, 讲讲, 教えてください, 述べて, \
        explain, describe, summarise, summarize, sum up, outline, document, list, list all, enumerate, walk through, give an overview, an overview, overview, a summary, elaborate, \
        illustrate, introduce, detail, paraphrase, cover, report, show how, go through, the steps, what are all, \
        erklar*, beschreib*, fass, fasse, zusammenfass*, schilder*, liste, zahle, skizzier*, stelle dar, \
        explique*, decris, decrivez, decrire, resume, resumez, resumer, liste, listez, presente, presentez, enumere*, \
        explica*, describ*, descrev*, resum*, enumera*, lista*, detalla, detalhe*, spiega*, descriv*, riassum*, elenca*, illustra*, \
        leg uit, beschrijf*, vat samen, geef een overzicht, som op, licht toe, объясни*, опиши*, расскажи*, перечисли*, изложи*, \
        اشرح, صف, لخص, عدد, اذكر, وضح, 解释, 说明, 描述, 介绍, 总结, 概述, 列出, 讲解, 説明, 要約, 紹介, まとめ, 列挙, 教えて"),
    (Cue::Make, "gather, group, collect the, assign, enter, fill, file, book a, pack, set, put, attach, save the, back up the photos, label, number the, split the, rotate the photos, archive the, invite, remind me, cut, tighten, mount the, hem, varnish, grill, steam, ferment, water the, sow, weed, decorate, sammle, gruppiere, ordne, lege, pack, ecrire, rassemble*, remplis, remplir, agrupa, reune, reuna, completa, raccogli, compila, compilare, raggruppa, verzamel, groepeer, собери, сгруппируй, اجمع, رتب, 收集, 整理, 申请, 収集, 整理, 申請, \
        compile, draw up, put together, make up, knit, prune, descale, tie, fold, wrap, mend, hang, drill, peel, roast, bake, pickle, set the table, set up a, turn these, turn this, record, produce, fill in, fill out, complete the, refill, mount, tune, calibrate, renew, submit, request, order, stelle, stell, zeichne, fullen, nahe, rediger, fabrique*, monte, cuisine*, arma, monta, prepara, cocina*, planta*, cultiv*, arruma*, cozinh*, cuoci, cucina*, monta, kook, bak, zet, vul, teken, вырасти*, посади*, свяжи, собери*, заполни*, اطبخ, ازرع, اصلح, 包, 种, 修理, 组装, 包み方, 育て方, 直し方, \
        write, create, make, build, plan, prepare, draft, set up, configure, install, implement, add, fix, convert, organise, organize, generate, develop, \
        compose, arrange, schedule, translate this, translate the, translate these, translate my, integrate, connect, deploy, publish, release, test, merge, split, extend, replace, update, upgrade, import, export, \
        format, sort, extract, clean, cook, bake, brew, grow, repair, assemble, renew, apply, register, enrol, book, host, run a, start a, begin, learn, train, teach, practise, practice, edit, rewrite, rephrase, reorganise, \
        turn, transform, collect, combine, automate, simplify, sew, knit, paint, plant, wash, remodel, furnish, change the, move, \
        a recipe, recipe, a checklist, a list of, a plan, a template, ideas for, \
        schreib*, erstell*, mach, mache, bau, baue, plane, bereite, richte, installier*, konfigurier*, fug, fuge, reparier*, wandle, organisier*, ubersetze, verfass*, entwickl*, koch, koche, back, backe, formulier*, \
        ecris, ecrivez, redige*, cree, creez, creer, prepare*, organise*, installe*, configure*, ajoute*, corrige*, traduis*, traduire, planifie*, construi*, genere*, \
        escrib*, crea, crear, haz, hacer, prepar*, organiza*, instala*, configur*, anade, agrega, corrige, traduce, traducir, planifica*, construye, redacta*, genera*, elabora*, \
        escrev*, crie, criar, faca, fazer, monte, montar, organiz*, adicion*, corrij*, traduz*, planej*, redij*, elabor*, troc*, \
        scrivi*, scrivere, fai, fare, pianific*, installa*, aggiung*, corregg*, traduci*, tradurre, costrui*, redigi*, \
        schrijf*, maak, bouw*, bereid*, stel op, installeer*, configureer*, voeg*, repareer*, vertaal*, organiseer*, plan, \
        напиши*, напишите, создай*, сделай*, сделать, составь*, подготовь*, настро*, установи*, добавь*, исправь*, переведи*, испечь, приготов*, спланируй*, разработай*, организ*, оформ*, постро*, подключ*, \
        اكتب, انشئ, اعد, جهز, صمم, خطط, نظم, ترجم, اضف, ركب, اعداد, انشاء, كتابه, \
        写, 编写, 制作, 创建, 搭建, 设置, 配置, 安装, 部署, 准备, 起草, 翻译, 计划, 安排, 制定, 添加, 修改, \
        書いて, 作成, 作って, 設定, 準備, インストール, 翻訳, 追加, 修正, 計画, 構築, 組み立て"),
    (Cue::Small, "set a timer, set an alarm, set the volume, set the clock, stell den wecker, mets un minuteur, pon un temporizador, imposta un timer, zet een wekker, \
        sort this, sort these, sort the, what s the name, which day, tell the time, dial, ring, send me the link, highlight, bold, underline, center, rotate the image, resize, crop, enlarge, lower the volume, look at, go back, sortiere, markiere, trie, ordena esta, ordina, sorteer, \
        show, open, print, rename, kill, close, spell, translate, define, find, get, exit, quit, undo, redo, copy, paste, save, go to, start, stop, look up, call, pronounce, say, \
        read, switch, toggle, click, select, scroll, log out, sign out, restart, pick, count, check the, name, search, boil, turn on, mute, zoom, \
        the name of, the definition of, zeig*, offne, offnen, drucke, nenn*, buchstabier*, schliess*, such, suche, finde, beende*, benenn*, \
        montre*, ouvre*, ouvrir, imprime*, ferme*, nomme*, cherche*, trouve*, muestra*, abre, abrir, cierra*, busca*, encuentra*, nombra, \
        mostra*, apri, aprire, chiudi*, stampa*, cerca*, trova*, mostre, abra, feche, procure, encontre, imprima, \
        toon, open, druk, sluit, noem, zoek, vind, покажи*, открой*, открыть, закрой*, найди*, назови*, распечатай*, переименуй*, \
        افتح, اعرض, اظهر, اطبع, اغلق, 打开, 显示, 打印, 关闭, 查找, 重命名, 開いて, 表示して, 印刷, 閉じて"),
    (Cue::Deliberate, "wie wirkt sich, wie beeinflusst, comment influence, comment influent, como afecta, como influye, come influisce, como afeta, como influencia, hoe beinvloedt, как влияет, как влияют, كيف تؤثر, كيف يؤثر, \
        how would, how will, what role does, do we build, do we buy, do we want, what would it cost, what would it take, where do you see, what do you make of, what do you think, how do you rate, combien nous couterait, was wurde, was halt, que pensez vous, que opinas, o que acha, cosa ne pensi, wat vind je, что думаете, что ты думаешь, ما رايك, 怎么看, 你觉得, 如何应对, 如何生存, どう思い, どう考え, \
        what should i do, what should we do, what do i do, what do we do, what now, where would, which would, who would, when would, where should, which should, who should, when should, would a, would an, would the, would it, would, would moving, is it time, are we better off, how far should, what can we do, what can be done, how can we reduce, how can we increase, how do we reduce, how do we increase, was soll ich tun, was sollen wir, was konnen wir, was spricht fur, was spricht gegen, wie konnten, wie lasst sich, wie kann unser*, que faire, que pouvons nous, comment pourrions, que hago, que hacemos, que podemos, o que devo, o que fazer, o que podemos, cosa devo fare, cosa possiamo, wat moeten we, wat kunnen we, welke aanpak, hoe zouden, что делать, что нам делать, как нам лучше, ماذا نفعل, ماذا افعل, كيف يمكننا تحسين, 怎么办, 该怎么办, 会怎样, 将如何, 如何影响, 如何改变, 怎样改变, 如何提高, 如何改进, どうしたら, どうすべきか, どのように変, \
        should we, should i, should they, should our, should a, should the, should you, should it, would it be better, is it better, is it worth, is it wise, is it a good idea, does it make sense, \
        how should, how would you, how might, how best, how could, would you recommend, what should, what would, what if, which is better, which one is better, which of the, \
        what are the advantages, what are the pros, what are the benefits, what are the risks, what are the trade offs, what are the options, what is the best way, what s the best way, what is better, \
        what could be, what might, what can we learn, what role, to what extent, do we need, is there a better, \
        sollten wir, soll ich, sollen wir, sollte ich, sollte man, ist es besser, lohnt sich, lohnt es sich, ist es sinnvoll, was ware, was spricht, wie sollten, wie sollen, wie konnten wir, was ist besser, welche strategie, \
        devrions nous, dois je, devrais je, faut il, est il preferable, vaut il mieux, est ce que ca vaut, quels sont les avantages, quels sont les risques, comment devrions, que devrions, quelle strategie, \
        deberiamos, debemos, deberia, debo, conviene, es mejor, vale la pena, merece la pena, que deberiamos, cuales son las ventajas, cuales son los riesgos, como deberiamos, como podriamos, \
        devemos, deveria, deveriamos, devo, e melhor, compensa, quais sao as vantagens, quais sao os riscos, como deveriamos, como poderiamos, \
        dovremmo, dovrei, conviene, e meglio, vale la pena, quali sono i vantaggi, quali sono i rischi, come dovremmo, come potremmo, \
        moeten we, zouden we, moet ik, is het beter, loont het, wat zijn de voordelen, hoe zouden we, hoe moeten we, \
        стоит ли, следует ли, нужно ли, лучше ли, что лучше, как лучше, какую стратегию, что можно сделать, как нам, \
        هل ينبغي, هل يجب, هل من الافضل, ايهما افضل, هل يستحق, 应该, 是否应该, 要不要, 值得, 哪个更好, 该不该, べきか, べきですか, べきでしょうか, どちらが, どうすべき, 適して"),
    (Cue::Permit, "can anybody, can anyone, could this, could it, may they, am i obliged, is it my right, does this interact, does my insurance, can they fire, may my boss, can the court, can the police, can the bank, kann mein*, darf der, darf die, darf das, muss mein*, un employeur peut, est ce que je peux, est ce que je dois, me pueden, puede mi, pueden, podem me, pode meu, meu patrao pode, posso ser, il mio capo puo, possono, mag de, kan mijn, могут ли, может ли, должны ли, нужно ли мне платить, هل تستطيع, هل يستطيع, 能否, 可以不, 可以一起, \
        can i, may i, could i, can we, may we, can they, can my, can our, can a, may my, may a, am i allowed, are we allowed, is it legal, is it illegal, is it lawful, is it allowed, is it permitted, is it safe, is it dangerous, is it ok to, is it okay to, \
        do i have to, do we have to, do i need to, do we need to, must i, must we, am i liable, are we liable, am i required, are we required, have i the right, do i have the right, is this legal, is this contract, is this clause, is this valid, is this safe, what happens if i, \
        what are my rights, who is liable, how dangerous, how safe, am i entitled, are we entitled, does my employer, does my landlord, \
        darf ich, durfen wir, darf man, darf mein*, durfen, kann ich, muss ich, mussen wir, ist es erlaubt, ist es legal, ist es sicher, ist es gefahrlich, ist das erlaubt, ist dieser, ist diese, bin ich verpflichtet, habe ich das recht, haftet, \
        puis je, peut on, pouvons nous, ai je le droit, est il legal, est il permis, est ce legal, est il dangereux, est ce dangereux, mon employeur peut, suis je oblige, \
        puedo, podemos, se puede, es legal, es seguro, es peligroso, tengo que, tengo derecho, esta permitido, que pasa si, debo pagar, \
        posso, possiamo, si puo, e legale, e sicuro, e pericoloso, devo pagare, ho diritto, e permesso, sono obbligato, cosa succede se, \
        podemos, e legal, e seguro, e perigoso, preciso, tenho que, tenho direito, e permitido, o que acontece se, \
        mag ik, mag mijn, mag een, mogen we, kan ik, is het veilig, is het legaal, is het toegestaan, is het gevaarlijk, moet ik betalen, ben ik verplicht, heb ik recht, \
        можно ли, могу ли, имею ли, имеет ли право, законно ли, безопасно ли, опасно ли, обязан ли, должен ли, разрешено ли, вправе ли, \
        هل يجوز, هل يمكنني, هل يحق, هل من القانوني, هل من الامن, هل يسمح, هل يمكن, \
        可以吃, 能吃, 可不可以, 能不能, 是否合法, 合法吗, 违法吗, 犯法, 安全吗, 有权, 允许吗, 大丈夫, てもいい, 違法, 合法, 許され, 安全です, 権利"),
];

/// What tells something wherever it stands.
#[rustfmt::skip]
pub(super) const WORDS: &[(Cue, &str)] = &[
    (Cue::Judgement, "lay out, market entry, entering the, speaks against, get to the bottom, compatible with, be restored, تؤثر, يؤثر, تغير, 自研, どちらに, 出すべき, \
        review, examin*, scrutini*, apprais*, gauge, extrapolat*, speculat*, envisage*, reimagin*, streamlin*, consolidat*, harmoni*, unify, roll out, turn around, business plan, business model, go to market, marketing plan, merger, acquisition, reorgani*, transformation, reshap*, governance, methodolog*, dilemma, controvers*, legacy of, evolution of, role of, relationship between, interplay, correlat*, causal*, effects of, effect of, effect on, flaw, flaws, assumption*, overkill, weakest, strongest, key factors, factors, different interpretations, interpretations, viable, viability, worthwhile, profitab*, cost effective, what makes a good, poverty, hinterfrag*, reform*, wandel, zukunft, zusammenhang, herausforderung*, chancen, risiken, machbar*, tragfahig*, zusammenleg*, fusion, geschaftsmodell*, marketingplan, neu ausricht*, modernisier*, ursache*, examine*, repens*, modernis*, faisab*, rentab*, role de, risques, opportunites, plan marketing, modele economique, refonte, causes de, causas de, examina*, replante*, moderniz*, viable*, perspectivas, papel de, riesgos y, oportunidades, plan de marketing, modelo de negocio, reestructur*, esamina*, ripens*, fusione, fattibil*, ruolo di, rischi e, opportunita, piano di marketing, modello di business, ristruttur*, cause della, cause del, cause di, viavel, riscos e, plano de marketing, modelo de negocio, reestrutur*, fusao, oorzaken, uitdaging*, herzie*, haalbaar*, rendabel, kansen, hervorm*, причин*, вызовы, изучи*, исследу*, роль, риски, реформ*, целесообраз*, жизнеспособ*, факторы, маркетинговый план, دور, مخاطر, فرص, خطه تسويق, اصلاح, جدوى, العلاقه بين, عوامل, 原因, 挑战, 机遇, 关系, 可行, 改革, 转型, 营销计划, 商业模式, 生存, 重构, 探讨, 论述, 看法, 观点, 角色, 因素, 役割, 関係, 実現可能, 改革, 転換, 導入すべき, 統合, 再構築, 根拠, リスク, 要因, \
        rank, ranking, judge, map out, reconcile*, untangle*, think through, make sense of, critical reading, reasoning, holds up, opposite, contradict*, conflicting, inconsisten*, defend, better fit, best fit, suit, suits, suited, work out whether, figure out why, devise*, prioriti*, rework, revamp, moderni*, phase out, transition from, transition to, move from, switch from, moving from, switching from, interpret*, envision*, brainstorm*, trace back, reason about, synthesi*, benchmark*, weakness*, strengths, opportunit*, bottleneck, long term effect*, side effects on, sustainab*, resilien*, scalab*, layering, decouple*, coupling, policy, policies, for and against, balances, balance between, milestones, what to change, where to invest, how likely, outlook, scenario*, hypothes*, theor*, philosoph*, geopolit*, societ*, gegenuberstell*, standpunkt*, einschatz*, umstruktur*, ganzheitlich*, nachhaltig*, spricht fur, und was gegen, langfristig*, konzept*, privatis*, perspectiv*, enjeux, debat, pour et contre, defis, strategie*, a long terme, retos, pros y contras, puntos de vista, panorama, desafio*, pros e os contras, pros e contras, sfide, prospettiv*, a lungo termine, afweg*, voors en tegens, aanpak, toekomst*, перспектив*, долгосрочн*, выгоднее, за и против, взгляд*, причины и, аргумент*, تحديات, مستقبل, اسباب فشل, تجنب, 展望, 前景, 趋势, 挑战, 长期, 見通し, 背景, 展望, 課題, 考えをまとめ, 今後, \
        analy*, assess, assess the, assessment, compar*, contrast*, critiq*, diagnos*, evaluat*, design, redesign*, rethink*, architect*, investigat*, optimi*, pros and cons, recommend*, refactor*, strateg*, trade off*, tradeoff*, \
        versus, vs, weigh, weighing, propose, proposal*, suggest, suggests, improve, improvement*, debate, discuss*, argue, arguments for, arguments against, implication*, root cause*, difference between, differences between, differ from, \
        advantages and disadvantages, advantages, disadvantages, pay off, best approach, influence each other, influence, impact*, affect*, consequences, argument, business case, roadmap, feasib*, reconsider, restructur*, overhaul, migrate*, prioriti*, reflect on, lessons, explore, predict, forecast, justify, challenge*, ethic*, moral*, \
        analys*, bewert*, beurteil*, entwirf, entwerf*, unterschied*, vergleich*, verglich*, vor und nachteil*, abwag*, wage ab, empfiehl*, empfehl*, empfehlung*, diskutier*, erorter*, optimier*, untersuch*, auswirkung*, folgen von, schlage vor, verbesser*, uberarbeit*, \
        analyse*, evalue*, compare*, comparaison, conseille*, recommande*, propose*, avantages et, avantages, inconvenient*, discute*, impact, concevoir, concois, concevez, strategi*, ameliorer, ameliore*, consequences, differences entre, difference entre, \
        analiz*, analic*, evalua*, compara*, recomiend*, recomend*, ventajas y, ventajas, desventajas, inconvenientes, discut*, disena*, disene, estrategia*, mejorar, mejora*, impacto*, consecuencias, diferencia entre, diferencias entre, propon*, optimiza*, \
        analis*, avali*, recomend*, vantagens, desvantagens, proponha, projete, melhorar, melhore, impactos, consequencias, diferenca entre, diferencas entre, otimiz*, \
        analizz*, valuta, valutare, valutazione, confront*, consigli*, raccomand*, vantaggi, svantaggi, pro e i contro, pro e contro, progetta*, migliorare, migliora, impatto, conseguenze, differenza tra, differenze tra, proponi, ottimizza*, \
        analyseer*, beoordeel*, vergelijk*, verschil tussen, verschillen tussen, voor en nadelen, voordelen, nadelen, ontwerp*, adviseer*, verbeter*, beveel*, raad aan, gevolgen, bespreek*, optimaliseer*, onderzoek*, \
        анализ*, проанализ*, сравни*, сравнен*, оцени*, оценк*, предложи*, порекоменд*, рекоменд*, преимуществ*, недостатк*, плюсы и минусы, улучшить, улучши*, последстви*, влияни*, влияет, разработайте стратегию, стратеги*, спроектируй*, обсуди*, оптимизир*, разниц*, различи*, \
        حلل, تحليل, قارن, مقارنه, قيم, تقييم, اقترح, ايجابيات, سلبيات, مزايا, عيوب, تاثير, اثر, استراتيجيه, ناقش, الفرق, انصح, اوص, تحسين, صمم نظام, \
        分析, 比较, 对比, 评估, 评价, 设计, 优缺点, 利弊, 优势, 劣势, 建议, 推荐, 权衡, 改进, 优化, 策略, 战略, 影响, 风险和, 机会和, 讨论, 区别, 架构, 诊断, 原因分析, \
        分析, 比較, 評価, 設計, 提案, 長所, 短所, メリット, デメリット, 検討, 改善, 論じ, 最適, 戦略, 影響, 違い, 原因, 対策, 議論, 推奨, 考察"),
    (Cue::Degree, "fit, fits, most likely, as good as, whichever, vorteilhaft*, geeignet*, rentabl*, conveniente, geschikt*, подходит, \
        better, best, worse, worst, optimal, ideal, preferable, prefer, more than, less than, rather than, instead of, cheaper, faster, difference, differences, differ, long run, long term, most suitable, \
        besser, beste, besten, bestes, lieber, sinnvoll*, gunstiger, mieux, meilleur*, plutot que, mejor, mejores, peor, melhor, melhores, pior, meglio, migliore, migliori, peggio, beter, beste, liever, \
        лучше, лучший, лучшая, хуже, افضل, احسن, 更好, 最好, 更适合, 最佳, より良い, 一番いい"),
    (Cue::Alternative, "or, either, whether, between, alternatives, alternative, options, option, approach, approaches, oder, zwischen, alternativen, ou bien, entre, ou, o, oppure, tra, tussen, или, между, او, ام, بين, 还是, 或者, 之间, または, それとも"),
    (Cue::Steps, "one by one, one after the other, in turn, for each, from start to finish, stages, phases of, einzeln, der reihe nach, un par un, uno por uno, uno a uno, een voor een, по порядку, по очереди, واحدا تلو, 逐个, 一つずつ, 順番, \
        steps, step by step, checklist, procedure, guide, instructions, tutorial, workflow, recipe, shopping list, itinerary, agenda, how long does each, from scratch, \
        schritt*, anleitung, ablauf, vorgehen, checkliste, etapes, procedure, pas a pas, guide, pasos, paso a paso, guia, instrucciones, passos, passo a passo, instrucoes, passi, passo passo, istruzioni, guida, \
        stappen, stap voor stap, handleiding, шаг*, пошагов*, инструкци*, خطوات, خطوه, دليل, 步骤, 流程, 指南, 教程, 手順, 流れ, マニュアル, 手引き"),
    (Cue::Scope, "all, every, each, across, whole, entire, everything, several, multiple, many, both, throughout, various, overall, complete, alle, allen, jede*, gesamte*, mehrere*, samtliche*, tous, toutes, chaque, plusieurs, todo, todos, todas, cada, varios, varias, tutti, tutte, ogni, diversi, \
        cada, todas as, todos os, elke, iedere, meerdere, все, всех, каждый, кажд*, несколько, جميع, كل, 所有, 全部, 每个, 整个, 多个, すべて, 全て, 各, 複数"),
    (Cue::Condition, "if, suppose, supposing, assuming, given that, provided that, unless, although, even though, while keeping, with respect to, considering, taking into account, under the constraint, so that, depending on, despite, in case, \
        wenn, falls, obwohl, angenommen, ohne dass, si, bien que, en tenant compte, sachant que, aunque, teniendo en cuenta, considerando, se, anche se, tenendo conto, embora, als, hoewel, rekening houdend, если, хотя, учитывая, اذا, رغم, مع مراعاه, 如果, 假设, 虽然, 考虑到, もし, 場合, にもかかわらず"),
    (Cue::Trouble, "sometimes, doubled, halved, tripled, spiked, bounce rate, unreliable, inconsistent*, abandon*, struggle*, struggling, shortage*, conflict*, frustrat*, downturn, plummet*, skyrocket*, manchmal, verdoppelt, uberlastet, parfois, a veces, as vezes, a volte, soms, иногда, احيانا, 有时, 时而, 時々, \
        lose, loses, losing, falls, rose, rises, shrink*, stagnat*, churn, opposite, keeps failing, flaky, intermittent*, sporadic*, deadlock*, contention, went wrong, circular, tangled, mess, fehlzeiten, krise, fracas*, crisis, perdono, falliment*, провал*, неудач*, фиаско, فشل, مشاكل, 失误, 倒闭, 問題, 不具合, \
        declin*, drop in, dropped, drops, falling, fell, losing, lost, slow, slower, slows, fail, fails, failing, failed, failure, crash*, leak in, memory leak, bottleneck*, stuck, late, delayed, overrun, worse, broken, keep*, low, disagree*, spam, unhappy, quit, leaving, turnover, complain*, waste, problem*, issue*, wrong, going on, \
        einbrech*, brechen, sinken, sinkt, fallen, verlieren, verlier*, langsam*, scheiter*, fehlschlag*, absturz*, verspat*, baisse*, chute*, perdons, partent, echou*, lent, lente, retard, bajan, bajando, caen, cayeron, perdemos, falla*, lento, retraso, \
        cairam, caindo, perdendo, falham, atraso, lenta, calano, calo, perdiamo, ritardo, fallisc*, dalen, daalt, verliezen, traag, mislukt*, vertrag*, падают, падает, снижа*, теряем, медленно, тормоз*, تراجع, انخفاض, بطيء, 下降, 下滑, 减少, 流失, 失败, 变慢, 减慢, 減少, 低下, 下がっ, 遅い, 失敗"),
    (Cue::Own, "my, our, we, i, us, me, i m, i am, i ve, we re, mein*, unser*, wir, ich, mon, ma, mes, notre, nos, nous, je, mi, mis, nuestro*, nuestra*, yo, meu, minha, nosso*, nossa*, eu, il mio, la mia, mio, mia, nostro, nostra, noi, io, mijn, onze, ons, ik, wij, we, мой, моя, мои, наш*, я, мы, нас, у меня, у нас, لدي, عندي, نحن, 我, 我们, 公司, 私, 私たち, うちの, 弊社, 会社"),
    (Cue::Harmless, "colour*, color*, font, button, label, icon, screen, page, field, menu, tab, placeholder, tooltip, column, heading, title, logo, layout, margin, spelled, spelling, spell, plural, synonym, pronounce, called, name of, abbreviation, definition, stand for, stands for, mean, means, meaning, history of, invented, inventor, published, author, \
        farbe, schaltflache, knopf, feld, symbol, schrift*, bedeut*, abkurzung, heisst, couleur, bouton, champ, icone, signifie, boton, campo, icono, pantalla, significa, colore, pulsante, schermata, botao, tela, cor do, kleur, knop, veld, betekent, \
        цвет, кнопк*, поле, значит, означает, لون, زر, معنى, 颜色, 按钮, 图标, 字段, 意思, 色, ボタン, アイコン, 意味"),
    (Cue::Destroy, "cancel all, close all accounts, cancel every, block all, \
        off, revoking, schema change, alter table, deactivate, decommission*, shred, ban the, block the, lift the limit, raise the limit, raise the, lower the limit, kick out, \
        delete*, deleting, erase*, wipe*, wiping, drop table, drop database, drop the, truncate, purge*, overwrite*, rm, force push*, force, reset hard, hard reset, disable*, turn off, switch off, shut down, revoke*, grant, grants, rotate*, remove all, remove the, get rid of, format the disk, format my, unlink, destroy*, git reset, roll back, rollback, kill 9, chmod 777, bypass*, override*, skip the check*, \
        losch*, geloscht*, entfern*, uberschreib*, deaktivier*, abschalt*, ausschalt*, supprim*, efface*, ecras*, desactiv*, borr*, elimin*, desactiva*, sobrescrib*, apag*, exclu*, delet*, desativ*, cancella*, elimina*, disattiv*, sovrascriv*, verwijder*, wis, wissen, uitschakel*, \
        удали*, удален*, стере*, сотри*, отключи*, перезапи*, احذف, حذف, امسح, مسح, تعطيل, 删除, 误删, 清空, 覆盖, 禁用, 删掉, 削除, 消去, 上書き, 無効"),
    (Cue::Guard, "anybody, anyone, outsiders, strangers, guess*, publicly, public, uploaded, who can see, who can read, jeder, n importe qui, cualquiera, qualquer um, chiunque, iedereen, кто угодно, любой, اي شخص, 任何人, 誰でも, \
        protect*, restore*, recover*, get back, leak*, leaked, stolen, compromise*, expose*, safely, securely, safe, store, stored, checked, check, verify, validated, access to, has access, permission*, allowed, may see, unauthor*, sanitize*, escape*, \
        schutz*, wiederherstell*, gestohlen, sicher, sichern, zugriff auf, proteg*, restaur*, recuper*, vole, volee, securis*, robado, robada, seguro, segura, acceso a, roubad*, acesso a, ripristin*, rubat*, sicuro, accesso a, bescherm*, herstel*, gestolen, veilig*, toegang tot, \
        защит*, восстанов*, украл*, украден*, взлом*, доступ к, безопасн*, حمايه, استعاده, سرقه, اختراق, امن, 保护, 恢复, 泄露, 被盗, 安全, 盗, 漏洩, 復元, 保護, 安全, 不正アクセス"),
    // What a wrong answer harms.
    (Cue::Medicine, "ill, sick, hurt, hurting, hurts, injur*, harm, harmful, lethal, deadly, unsafe, dangerous, krank, erkrank*, verletz*, gefahrlich*, todlich*, malade*, dangereu*, mortel*, blesse*, enferm*, peligros*, mortal, herid*, malat*, pericolos*, mortale, ferit*, doente*, perigos*, ferid*, machuc*, ziek, gevaarlijk*, dodelijk*, gewond*, болен, опасн*, смертельн*, ранен*, مريض, خطير, قاتل, اصابه, 危险, 致命, 受伤, 生病, 死亡, 危険, 致死, 怪我, 病気, 死亡, unresponsive, \
        convuls*, melatonin, breast feeding, expired medicine, edible, safe to eat, swollen, sore throat, lump, hiv, hepatitis, malaria, thyroid, chemo*, dialysis, cholesterol, supplement*, blood sugar, diabetic, krampf*, krampfanfall, essbar, geschwollen, comestible, convulsion*, comestivel, remedio*, commestibile, convulsi*, eetbaar, stuip*, судорог*, съедобн*, давлени*, تشنج, صالح للاكل, ضغط الدم, 抽搐, 痉挛, 能吃吗, 血糖, 血压, 痙攣, けいれん, 食べられ, 血糖, 血圧, \
        anticoagul*, blood thinner*, metformin, tablets, infus*, dehydrat*, lyme, tick bite, rabies, bite, bites, sting, stung, numb, can t feel, dizzy, faint*, vomit*, diarrh*, miscarr*, contracept*, interact with my, doctor, pharmac*, sugar level, transfus*, anaesth*, anesth*, cpr, resuscitat*, defibrill*, tourniquet, epilep*, migraine*, zusammen einnehmen, einnehmen, einnahme, tollwut, zecke*, biss, pille*, narkose, nebenwirkung*, allergi*, blutverdunn*, erbrech*, kopfschmerz*, rage, morsure, mordu*, tique, medecin*, hopital, effets secondaires, mordio, mordid*, garrapata, rabia, medico, hospital, efectos secundarios, picadur*, mordeu, mordida, carrapato, morso, zecca, ospedale, beet, gebeten, teek, dokter, bijwerking*, укус*, бешенств*, клещ*, врач*, больниц*, таблетк*, побочн*, عضه, طبيب, مستشفى, حبوب, 咬, 医生, 医院, 副作用, 头晕, 呕吐, 噛まれ, 病院, 医師, めまい, 嘔吐, \
        dose, doses, dosage*, dosing, overdose*, mg, milligram*, medication*, medicine, medicines, drug, drugs, pill, pills, ibuprofen, paracetamol, acetaminophen, aspirin, insulin, warfarin, antibiotic*, amoxicillin, penicillin, opioid*, morphine, antidepressant*, statin*, steroid*, vaccin*, blood pressure, heart attack, stroke, chest pain, seizure*, \
        fever, pregnan*, breastfeed*, newborn, infant*, baby, surgery, symptom*, diagnosis of, patient*, diabet*, cancer, tumour, tumor, infection*, allerg*, anaphyla*, asthma, concussion, stiff neck, suicid*, self harm, depress*, rash, wound*, bleeding, burns, immune system, sleeping pills, therapy, treatment*, prescri*, medical*, hospital, first aid, \
        dosis, medikament*, arzt*, tablette*, fieber, schwanger*, stillzeit, blutdruck, herzinfarkt, schlaganfall, impf*, krankheit*, spritzen, symptom*, vergift*, ibuprofeno, ibuprofene, paracetamolo, insulin*, antibiotik*, schmerz*, \
        dose, posologie, medicament*, fievre, enceinte, grossesse, allait*, vaccin*, nourrisson*, antibiotique*, traitement, crise cardiaque, maladie grave, douleur*, \
        medicamento*, fiebre, embaraz*, antibiotico*, amoxicilina, vacuna*, infarto, bebe, pastilla*, dolor*, remedio*, febre, gravida, gravidez, amoxicilina, vacina*, comprimido*, \
        medicin*, farmaco, farmaci, febbre, gravidanza, incinta, neonato, vaccin*, infarto, antibiotici, pillol*, koorts, zwanger*, medicijn*, baby, borstvoeding, hartaanval, inenting*, pijnstill*, \
        доз*, лекарств*, таблет*, беременн*, температур*, антибиотик*, парацетамол*, ибупрофен*, инсулин*, прививк*, вакцин*, инфаркт*, инсульт*, симптом*, аллерги*, \
        جرعه, دواء, ادويه, حمى, مضاد حيوي, باراسيتامول, بنادول, ايبوبروفين, انسولين, لقاح, نوبه قلبيه, اعراض, \
        剂量, 服用, 药, 发烧, 怀孕, 孕妇, 哺乳, 胰岛素, 布洛芬, 抗生素, 疫苗, 心脏病, 过敏, 症状, 手术, 中毒, 疼痛, 流血, 自杀, \
        薬, 服用, 発熱, 妊娠, 授乳, 投与, 用量, インスリン, ワクチン, 抗生物質, 副作用, アレルギー, 症状, 手術, 心臓発作, 自殺"),
    (Cue::Emergency, "passed out, won t wake, not waking, head injury, hit his head, hit her head, trapped, blood everywhere, drowning, verschluckt, ohnmachtig, es brennt, riecht nach gas, evanoui, odeur de gaz, desmay*, huele a gas, cheiro de gas, svenut*, odore di gas, flauwgevallen, gaslucht, потерял сознание, пахнет газом, горит, رائحه غاز, اغمي, 晕倒, 着火, 煤气味, 気を失, ガス臭, 火事, \
        swallow*, ingest*, drank, inhaled, collapsed, fell off, fell from, can t move, can t feel my, cannot feel, cut off, severe bleeding, bit me, stung by, in the eye, in my eye, in my eyes, in the eyes, burnt my, burned my, scald*, geschluckt, in die augen, im auge, gestorzt, gesturzt, vom dach, verbrannt, verbruht, dans les yeux, tombe de, brule, me mordio, en los ojos, me cai, quemad*, nos olhos, cai de, queimad*, negli occhi, bruciat*, caduto, in mijn ogen, gevallen, verbrand, в глаза, упал с, обожг*, في العين, سقط من, 飲んでしま, 誤飲, 目に入, やけど, 倒れ, 吞下, 误吞, 喝了, 眼睛里, 摔, 烫伤, \
        swallowed, poison*, bitten, snake bite, unconscious, not breathing, can t breathe, choking, choked, electrocut*, overdosed, bleeding heavily, drowned, gas smell, smell gas, carbon monoxide, on fire, dying, \
        verschluckt, bewusstlos, atmet nicht, vergiftet, avale, inconscient*, ne respire, empoisonn*, trago, se trago, inconsciente, envenenad*, intoxic*, engoliu, ingerito, avvelen*, bewusteloos, ingeslikt, vergiftigd, проглотил*, отрав*, без сознания, ابتلع, تسمم, فاقد الوعي, 吞了, 误食, 昏迷, 飲み込, 意識がない"),
    (Cue::Law, "suspect, applicants, retain, retention, employer, arbeitgeber, mon employeur, empleador, datore di lavoro, empregador, patrao, werkgever, работодател*, صاحب العمل, 雇主, 雇用主, \
        driving licence, drunk driving, speeding, guilty, crime, crimes, prison, jail, bail, witness*, small claims, warranty, deport*, ex wife, ex husband, my ex, child support, overstay*, trespass*, strafe, bewahrung, zeuge*, garantie, fraude fiscale, prison, temoin, garantie legale, delito*, carcel, testigo*, garantia, crime, prisao, testemunha, reato, carcere, testimone, gevangenis, getuige, strafbaar, тюрьм*, преступлен*, свидетел*, гаранти*, جريمه, سجن, شاهد, 犯罪, 坐牢, 证人, 保修, 刑務所, 犯罪, 証人, \
        residence permit, work permit, immigration, citizenship, lawyer*, attorney, lease, tenancy, deposit back, break clause, unpaid wages, wages, severance, redundan*, laid off, fired, sacked, seize, seized, bailiff, subpoena, testify, defam*, libel, harass*, whistleblow*, non compete, guardianship, parental, alimony, probate, lohn, gehalt, abfindung, anwalt, aufenthalt*, kaution, pfand*, unterhalt, caution, salaire, avocat*, titre de sejour, huissier, pension alimentaire, sueldo, salario, finiquito, fianza, permiso de residencia, embargo, justa causa, rescisao, salario, advogado, caucao, penhora, stipendio, cauzione, permesso di soggiorno, pignoramento, loon, salaris, advocaat, borg, verblijfsvergunning, erfenis, зарплат*, адвокат*, юрист*, вид на жительство, алимент*, راتب, محامي, اقامه, نفقه, 工资, 居留, 押金, 拖欠, 賃金, 弁護士, 在留, 養育費, 敷金, 残業代, \
        legal, legally, illegal, lawful*, law, laws, lawsuit*, sue, sued, court, court order, contract, clause*, enforceable, liab*, evict*, landlord, tenant*, custody, divorce*, inheritance, will and testament, copyright*, trademark*, patent*, gdpr, hipaa, complian*, regulation*, visa, asylum, deport*, objection, appeal, fine for, criminal, arrest*, police, \
        fire an employee, fire someone, dismiss*, terminate*, unfair dismissal, notice period, health records, consent, discriminat*, drink driving, \
        recht*, gesetz*, legal, illegal, klage*, gericht*, vertrag*, arbeitsvertrag*, mietvertrag*, kundig*, vermieter*, einspruch, widerspruch, haftung, haftet, dsgvo, datenschutz*, scheidung, sorgerecht, erbe, strafbar, abmahn*, frist, \
        licenci*, contrat*, tribunal, droit*, illegal*, legal*, loi, bail, proprietaire, divorce, amende, rgpd, plainte, preavis, prud hommes, \
        despid*, despedir, contrato*, demanda*, ley, leyes, juicio, abogad*, inquilin*, desalojo, divorcio, multa*, derecho laboral, herencia, \
        demit*, demissao, processo judicial, lei, leis, advogad*, inquilino, despejo, direitos, heranca, \
        licenzi*, contratto, legge, leggi, tribunale, avvocat*, sfratt*, preavviso, causa legale, eredita, multa, \
        ontsla*, contract, wet, wettelijk*, rechter, rechtbank, huurder, verhuurder, bezwaar, opzegtermijn, boete, scheiding, avg, \
        закон*, уволи*, увольн*, договор*, суд, суда, суде, иск, штраф*, развод*, наследств*, выселить, юрид*, незакон*, \
        قانون*, قانونيا, عقد, محكمه, دعوى, طلاق, ميراث, ايجار, غرامه, \
        法律, 合同, 违法, 合法, 起诉, 法院, 律师, 解雇, 辞退, 离婚, 遗产, 赔偿, 劳动法, 法律上, 解雇, 契約書, 訴訟, 裁判, 違法, 労働法, 離婚, 相続, 著作権"),
    (Cue::Money, "owe, owed, borrow*, lend, lent, inherit*, fraude fiscale, steuererklarung*, declaration fiscale, declaracion de la renta, dichiarazione dei redditi, declaracao, belastingaangifte, налоговая, اقرار ضريبي, payslip*, \
        vat, tax return*, tax office, debit card, card number*, iban, salary, salaries, wage*, trading limit, trading, transfer limit, my bank, the bank, scam*, fraud*, pretending to be, identity theft, wire, payout*, inherit*, estate tax, leverage, margin call, betrug*, abzocke, finanzamt, umsatzsteuer, kreditkarte*, arnaque, carte bancaire, carte bleue, tva, fisc, estafa, tarjeta de credito, iva, hacienda, fraude, golpe, cartao de credito, receita federal, truffa, carta di credito, fisco, oplichting, creditcard, btw, belastingdienst, мошенни*, ндс, احتيال, بطاقه ائتمان, 信用卡, 盗刷, 诈骗, 增值税, クレジットカード, 詐欺, 消費税, \
        tax, taxes, taxed, taxable, deduct*, income tax, vat, capital gains, mortgage*, loan*, pension*, invest*, savings, retirement, stock, stocks, shares, crypto*, bitcoin, insurance*, bankrupt*, debt*, refund*, payment*, bank account, credit card*, wire transfer, payroll, audit*, emergency fund, \
        steuer*, absetzen, kredit*, hypothek*, rente*, altersvorsorge, aktie*, versicherung*, schulden, zahlung*, insolven*, uberweis*, \
        impot*, pret immobilier, emprunt*, retraite, placement*, actions en bourse, assurance*, dette*, compte bancaire, virement*, \
        impuesto*, hipoteca*, prestamo*, jubilacion, pension*, inversion*, invertir, acciones, deuda*, cuenta bancaria, seguro de, \
        imposto*, hipoteca, emprestimo*, aposentadoria, investi*, acoes, divida*, conta bancaria, rendimento*, tasse, imposta, mutuo, prestito, pensione, investi*, azioni, debit*, conto bancario, \
        belasting*, hypothe*, lening*, pensioen*, belegg*, aandelen, schuld*, bankrekening, verzekering*, \
        налог*, ипотек*, кредит*, пенси*, инвест*, акци*, долг*, банковск*, страховк*, \
        ضريب*, قرض, رهن, تقاعد, استثمار, اسهم, ديون, حساب بنكي, تامين, \
        税, 贷款, 房贷, 养老金, 投资, 股票, 债务, 银行账户, 保险, 退休金, 税金, 確定申告, 年金, 投資, 株, 借金, 住宅ローン, 銀行口座, 保険"),
    (Cue::Security, "email account, my account, got into my, suspicious link, clicked on a link, sensitive, acl, eval, deserializ*, untrusted, user input, without being checked, unchecked, unvalidated, hard coded, hardcoded, jwt, oauth, cookie theft, session hijack*, konto gehackt, compte pirate, cuenta hackeada, conta invadida, account violato, учетная запись, حسابي, 账号被盗, 账户被盗, アカウント, \
        password*, credential*, secret key*, secrets, api key*, api keys, token*, encrypt*, decrypt*, encryption key*, private key*, ssh key*, vulnerab*, exploit*, injection, xss, csrf, authenticat*, authoriz*, authoris*, certificate*, tls, firewall*, root access, admin rights, admin access, administrator rights, privilege*, breach*, hack, hacked, hacker*, phish*, malware, ransomware, attack, attacker*, attacks, ddos, security, secure, audit log, backdoor, intrusion, two factor, 2fa, sign in as, login bypass, \
        passwort*, passworter, kennwort*, sicherheit*, schwachstelle*, verschlussel*, angriff*, gehackt, zugangsdaten, zertifikat*, adminrecht*, mot de passe, mots de passe, securite, faille*, chiffrement, chiffr*, pirate*, identifiants, certificat*, \
        contrasena*, seguridad, vulnerabilidad*, cifrad*, hacke*, credencial*, senha*, seguranca, vulnerabilidade*, criptograf*, password, sicurezza, vulnerabilita, crittograf*, hackerat*, credenzial*, wachtwoord*, beveilig*, kwetsba*, versleutel*, gehackt, \
        парол*, безопасност*, уязвим*, шифрован*, взлом*, хакер*, сертификат*, كلمه المرور, كلمه السر, تشفير, ثغر*, اختراق, امن المعلومات, 密码, 漏洞, 加密, 攻击, 黑客, 凭证, 令牌, 防火墙, 密钥, パスワード, 脆弱性, 暗号, 攻撃, ハッキング, 認証情報, 秘密鍵"),
    (Cue::Production, "live shop, live store, live environment, live app, live website, live traffic, \
        the primary, on the primary, directly on, master database, live cluster, the cluster, orders table, customers table, users table, trading system, in production, \
        production, in prod, on prod, prod, live server, live system, live database, live site, on live, to main, to master, outage*, downtime, all hosts, all servers, all users, billing system, customer data, customer records, user data, \
        produktion, produktionsdaten*, produktionsserver*, produktivsystem*, livesystem, kundendaten, nutzerdaten, en production, base de production, donnees clients, produccion, en produccion, datos de clientes, producao, em producao, dados dos clientes, produzione, in produzione, dati dei clienti, \
        productie, productiedatabase, productieserver*, productieomgeving, klantgegevens, alle gebruikers, продакшен*, прод, боевой сервер, боевую базу, данные клиентов, بيئه الانتاج, قاعده الانتاج, بيانات العملاء, 生产环境, 生产数据库, 线上, 客户数据, 用户数据, 本番, 本番環境, 顧客データ"),
    (Cue::Data, "replica*, snapshot*, ledger, \
        table, tables, schema, bucket, backups, partition*, volume, history, \
        database*, db, backup*, back up*, archive*, records, disk, data directory, hard drive, repository history, files, photos, \
        datenbank*, datensicherung*, sicherung, festplatte, base de donnees, sauvegarde*, disque dur, base de datos, copia de seguridad, disco duro, banco de dados, historico, disco rigido, base di dati, base dati, backup, gegevens, schijf, \
        баз* данных, базу, база данных, резервн*, диск, قاعده البيانات, نسخه احتياطيه, القرص, 数据库, 备份, 硬盘, 数据, データベース, バックアップ, ディスク"),
    (Cue::Private, "card details, bank details, diary, private messages, medical data, \
        personal data, personal information, passport*, id card*, identity card*, salary, salaries, payroll, personal file*, personnel file*, card number*, home address*, birth date*, social security, medical record*, health record*, health data, confidential, private photo*, customer list*, personalakte*, ausweis*, gehaltsliste*, donnees personnelles, datos personales, dados pessoais, dati personali, persoonsgegevens, персональн*, بيانات شخصيه, 个人信息, 身份证, 个人数据, 個人情報, マイナンバー"),
    (Cue::Hazard, "beer, beers, bier, biertje*, biere, bieres, cerveza*, birra, birre, cerveja*, пив*, بيره, 啤酒, ビール, 飲酒, raw chicken, raw egg*, food poisoning, \
        mushroom*, rewire*, rewiring, wiring, light switch, power socket, electrical, steckdose*, lichtschalter*, stromkabel, prise electrique, interrupteur, enchufe*, presa elettrica, tomada eletrica, stopcontact, розетк*, проводк*, مقبس, اسلاك, 插座, 电线, 电路, コンセント, 配線, \
        alarm, smoke detector*, sprinkler*, fire door, fire alarm, emergency exit, safety valve, interlock, detergent*, drain cleaner, caustic, paint thinner, petrol, gasoline, methanol, antifreeze, circuit breaker, pressure cooker, gas stove, gas bottle, lithium, battery acid, waschmittel, spulmittel, feuermelder, rauchmelder, gasflasche, frostschutz, lessive, detecteur de fumee, gaz, detergente, detector de humo, gas, detersivo, allarme, gaslek, rookmelder, wasmiddel, моющ*, сигнализац*, газ, منظف, غاز, انذار, 洗涤剂, 报警, 煤气罐, 洗剤, ガス, 火災報知, \
        bleach, ammonia, chlorine, acid, asbestos, gas leak, live wire, mains, electric* shock, fuse box, high voltage, explosive*, flammable, fireworks, toxic, mushroom*, lead paint, radiation, propane, brake*, airbag*, nitrogen, chainsaw, alcohol, \
        bleichmittel, chlorreiniger, asbest, stromschlag, giftig*, pilz*, starkstrom, alkohol, bremse*, javel, ammoniaque, amiante, toxique*, champignon*, alcool, lejia, amoniaco, toxico*, setas, alcohol, alvejante, amonia, alcool, cogumelo*, candeggina, ammoniaca, amianto, alcol, fungh*, tossic*, \
        bleek*, ammoniak, giftig*, paddenstoel*, хлорк*, аммиак*, асбест*, ядовит*, гриб*, алкогол*, مبيض, امونيا, سام, كحول, 漂白剂, 氨水, 煤气, 有毒, 蘑菇, 触电, 酒精, 喝酒, 漂白剤, アンモニア, 毒, 感電, きのこ, アルコール"),
];

/// What the ends of long words tell: compounds of German and Dutch, and the stems that the World Health Organization gives to
/// the names of drugs of one kind ("The use of stems in the selection of International Nonproprietary Names").
#[rustfmt::skip]
pub(super) const ENDINGS: &[(Cue, &str)] = &[
    (Cue::Medicine, "cillin, cilina, cilline, mycin, micina, mycine, prazol, prazole, sartan, olol, dipin, dipine, dipino, formin, formina, gliptin, azepam, zolam, profen, profeno, profene, fenac, triptan, oxetin, oxetine, \
        oxetina, floxacin, floxacino, parin, heparin, coxib, caine, caina, cain, codone, codon, morphin, barbital, statin, statine, statina, cortison, cortisone, cortisona, prednison, prednisolon, tablette, tabletten, impfung, vergiftung, krankheit"),
    (Cue::Law, "vertrag, vertrags, gesetz, gesetze, kundigung, recht, rechte, klage, contract, wetgeving, vergunning"),
    (Cue::Money, "steuer, steuern, belasting, versicherung, verzekering, kredit, krediet, rente, pensioen, hypothek, hypotheek"),
    (Cue::Security, "passwort, wachtwoord, schlussel, sicherheit, beveiliging, zugang"),
    (Cue::Production, "produktion"),
    (Cue::Data, "datenbank, database, sicherung"),
];
