"""Words and signs with which no term begins or ends: articles, prepositions, pronouns, verbs of every sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mtreason.glossary.words.fold import fold

_WORDS: Mapping[str, str] = {
    "en": (
        "multiple various et al eg ie vs a an the this that these those some any no each every all both either "
        "neither such same other another many much few several more most less least own my your his her its our their "
        "i me you he him she it we us they them who whom whose which what and or but nor so if then than because "
        "while when where why how as of at by for with about against between into through during before after above "
        "below to from up down in out on off over under again further once here there not only very too also just "
        "even still yet already always never often is am are was were be been being have has had having do does did "
        "doing done will would shall should can could may might must ought one two three four five six seven eight "
        "nine ten first second last next new old good better best great bad big small long little different able like "
        "get gets got make makes made use uses used using want wants need needs know knows think see say said says go "
        "goes going went come comes came take takes took give gives given let lets put look looks tell told please "
        "yes well now today way ways thing things lot lots kind sort etc via per without within upon since until "
        "although though whether however therefore thus instead rather quite really actually maybe perhaps something "
        "anything nothing someone anyone everyone everything mr mrs ms dr cannot whole part time times people work "
        "works something's don won isn doesn didn couldn wouldn ain i'm i've i'd i'll you're we're they're it's "
        "that's there's let's don't can't won't didn't doesn't isn't wasn't hello hi hey oh ok okay thanks thank "
        "sorry number example following available currently called hundred thousand million billion year years day "
        "days week weeks month months hour hours minute minutes"
    ),
    "de": (
        "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines dieser diese "
        "dieses diesen diesem jener jene jenes jeder jede jedes jeden jedem alle allem allen aller alles viele vielen "
        "mehr mehrere manche einige einigen andere anderen anderer anderes solche solchen mein meine meinen meinem "
        "meiner dein deine sein seine seinen seinem seiner seines ihr ihre ihren ihrem ihrer ihres unser unsere "
        "unseren unserem unserer euer eure ich mich mir du dich dir er ihn ihm sie es wir uns euch ihnen man wer wen "
        "wem wessen was welche welcher welches welchen und oder aber denn sondern doch so wenn dann als weil während "
        "wo warum wie dass ob damit da hier dort nicht nur sehr auch schon noch immer nie oft wieder in im an am auf "
        "aus bei beim bis durch für gegen mit nach ohne seit über um unter von vom vor zu zum zur zwischen hinter "
        "neben ins ans aufs ist sind war waren bin bist seid gewesen wird werden wurde wurden worden habe hat haben "
        "hatte hatten kann können konnte konnten muss müssen musste soll sollen sollte will wollen wollte darf dürfen "
        "mag möchte möchten machen macht gemacht gehen geht ging kommen kommt kam sagen sagt sagte geben gibt gab "
        "sehen sieht lassen lässt ließ wissen weiß neu neue neuen neuer neues gut gute guten groß große großen klein "
        "kleine kleinen erste ersten erster letzte letzten nächste nächsten eins zwei drei vier fünf sechs sieben "
        "acht neun zehn hundert tausend ganz ganze ganzen viel etwas nichts jemand niemand jetzt heute also nun mal "
        "ja nein bitte danke etwa sich selbst herr herrn frau jahr jahre jahren tag tage tagen menschen zeit million "
        "millionen milliarden prozent hallo hoch niedrig ober mittlerer weit nah gleich gleiche gleichen verschieden "
        "verschiedene ähnlich ähnliche bestimmt lang kurz alt jung schlecht wichtig einzig einfach schnell stark zB "
        "z.B usw bzw ggf evtl ca zb dabei dazu davon daran darauf daraus darüber deren dessen eigentlich natürlich "
        "vielleicht wirklich"
    ),
    "fr": (
        "le la les l un une des du de d au aux à en dans par pour sur sous avec sans entre vers chez contre depuis "
        "pendant avant après ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs je j me "
        "m moi tu te t toi il elle on nous vous ils elles se s lui y qui que qu quoi dont où quel quelle quels quelles "
        "et ou mais ni car donc si comme quand lorsque parce puisque ne n pas plus moins très trop aussi encore déjà "
        "toujours jamais souvent tout toute tous toutes même autre autres chaque plusieurs quelques aucun aucune est "
        "sont était étaient être été suis es sommes êtes sera seront a ai as avons avez ont avait avaient avoir eu "
        "fait faire fais font peut peuvent pouvoir doit doivent devoir va vont aller vient voir dit dire veut nouveau "
        "nouvelle nouveaux nouvelles bon bonne grand grande petit petite premier première dernier dernière deux trois "
        "ici là bien oui non c cela ça ceci celui celle ceux monsieur madame an ans jour jours fois gens"
    ),
    "es": (
        "el la los las lo un una unos unas de del al a en por para con sin sobre entre hasta desde hacia según tras "
        "este esta estos estas ese esa esos esas aquel aquella mi mis tu tus su sus nuestro nuestra nuestros nuestras "
        "yo me mí tú te ti él ella ello nosotros vosotros ellos ellas usted ustedes se le les nos os que quien quienes "
        "cual cuales cuyo donde cuando como cuánto qué quién y e o u pero sino ni si porque pues aunque mientras no "
        "más menos muy mucho mucha muchos muchas poco pocos todo toda todos todas otro otra otros otras cada algún "
        "alguna algunos ninguno mismo misma tan también ya aún siempre nunca es son era eran ser sido soy fue fueron "
        "está están estar estaba ha han había haber he hay hacer hace hecho puede pueden poder debe deben va van ir "
        "ver dice decir quiere nuevo nueva bueno buena gran grande pequeño primer primero última último dos tres aquí "
        "allí bien sí señor señora año años día días vez veces gente"
    ),
    "it": (
        "il lo la i gli le l un uno una di del dello della dei degli delle a al allo alla ai agli alle da dal dalla "
        "dai in nel nello nella nei nelle su sul sulla con per tra fra senza questo questa questi queste quello quella "
        "quelli quelle mio mia tuo tua suo sua suoi sue nostro nostra loro io mi me tu ti te lui lei noi ci voi vi si "
        "che chi cui quale quali dove quando come perché e ed o ma né se anche non più meno molto molti molta poco "
        "tutto tutta tutti tutte altro altra altri altre ogni alcuni nessuno stesso è sono era erano essere stato "
        "stata ha hanno aveva avere ho fare fa fatto può possono potere deve devono va vanno andare vedere dice dire "
        "vuole nuovo nuova buono grande piccolo primo prima ultimo due tre qui là bene sì già ancora sempre mai anno "
        "anni giorno volta volte"
    ),
    "pt": (
        "o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela para com sem sobre entre até desde "
        "este esta estes estas esse essa isso isto aquele aquela meu minha teu seu sua seus suas nosso nossa eu me mim "
        "tu te você ele ela nós vós eles elas se lhe que quem qual quais cujo onde quando como porque e ou mas nem se "
        "não mais menos muito muita muitos muitas pouco todo toda todos todas outro outra outros outras cada algum "
        "alguma nenhum mesmo também já ainda sempre nunca é são era eram ser sido foi foram está estão estar tem têm "
        "ter tinha há fazer faz feito pode podem poder deve devem vai vão ir ver diz dizer quer novo nova bom boa "
        "grande pequeno primeiro último dois três aqui ali bem sim ano anos dia dias vez vezes"
    ),
    "nl": (
        "de het een deze dit die dat elk elke ieder alle veel meer andere zulke mijn jouw zijn haar ons onze hun ik "
        "mij me jij je jou hij hem zij ze wij we jullie u zich wie wat welke en of maar want dus als dan omdat terwijl "
        "waar waarom hoe dat niet geen alleen zeer ook al nog altijd nooit vaak weer in op aan uit bij tot door voor "
        "tegen met na zonder sinds over om onder van tussen naar te is was waren ben bent wordt worden werd heeft "
        "hebben had kan kunnen moet moeten zal zullen wil willen mag doen doet gaan gaat komen komt zeggen zegt geven "
        "zien nieuw nieuwe goed goede groot grote klein kleine eerste laatste twee drie hier daar er nu jaar dag keer"
    ),
    "ru": (
        "и в во не что он на я с со как а то все всё она так его но да ты к у же вы за бы по только ее её мне было "
        "вот от меня еще ещё нет о из ему теперь когда даже ну ли если уже или ни быть был была были него до вас опять "
        "вам ведь там потом себя ничего ей может они тут где есть надо ней для мы тебя их чем сам чтоб чтобы без будто "
        "чего раз тоже себе под будет тогда кто этот эта это эти того потому этого какой какая какие совсем этом перед "
        "иногда лучше чуть том нельзя такой такая им более всегда конечно всю между который которая которое которые "
        "которых один одна одно два три мой моя мои свой своя свои своих наш наша наши ваш очень можно нужно при об "
        "после над через эту этой этих все всех год года лет день новый новая новые первый другой другие"
    ),
    "zh": (
        "非常 任何 整个 所有 一些 这个 那个 这些 那些 什么 怎么 没有 已经 可以 因为 所以 如果 但是 而且 或者 "
        "以及 其中 起来 出来 下来 之后 以后 以前 之前 时候 觉得 知道 开始 继续 成为 变成 进行 通过 关于 对于 "
        "不同 相同 另外 其他 其它 各种 许多 很多 大量 几乎 大家 自己 别人 有人 人们 现在 今天 明天 昨天 今年 "
        "去年 目前 当时 后来 然后 于是 不过 只是 只有 还有 就是 都是 也是 不是 而是 真的 特别 十分 比较 更加 "
        "越来越 一起 一直 一定 一样 一般 一点 一下 一次 一个 一种 第一 第二 两个 可能 能够 应该 需要 希望 "
        "必须 认为 表示 指出 介绍 看到 听到 想到 得到 发现 出现 存在 使用 利用 采用 包括 属于 由于 根据 为了 "
        "除了 虽然 尽管 甚至 难以 容易 不能 不会 不要 看起来 里面 外面 上面 下面 左右 方面 东西 事情 问题 "
        "地方 样子 新的 好的 大的 小的 全部 部分 问道 说道 笑道 答道 不断 正在 曾经 立即 马上 终于 突然 忽然 "
        "似乎 仿佛 到底 究竟 难道 居然 竟然 其实 当然 感觉 喜欢"
    ),
}  # fmt: skip

_SIGNS: Mapping[str, tuple[str, str, str]] = {
    "zh": (
        "的了着过地得之吗呢吧啊呀哦嘛啦哈么们个和与或而且但却就才也都又还再很更最太挺蛮真好可会能要想让被把给对向从自在到往于为因所以如若"
        "是有没不无别未我你您他她它咱这那哪谁啥每各某该此其两几些多少一二三四五六七八九十百千万亿第来去上下里外中前后说看做吃买用叫做"
        "并将只已正曾便由比跟同等即则及使令请帮年株朵只件",
        "的了着过地得之吗呢吧啊呀哦嘛啦哈么们个和与或而且但却就才也都又还再很更最太挺蛮可会能要想让被把给对向从自在到往于为因所以如若"
        "是有没不无别我你您他她它咱这那哪谁每各某该此其两几些一二三四五六七八九十百千万亿第来去上下里说只并将已便由比跟及使令请"
        "时候样种次件条只位名岁年月日中内外后间",
        "的们了着过吗呢吧啊呀哦嘛啦等我你您他她它这那哪谁在把被离",
    ),
}  # fmt: skip


@cache
def function_words(primary: str) -> frozenset[str]:
    """Return the function words of a language, in lower case; none for a language without a list here."""
    return frozenset(_WORDS.get(primary, "").split())


@cache
def function_signs(primary: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the signs with which no term begins, with which none ends, and that none has."""
    first, last, inside = _SIGNS.get(primary, ("", "", ""))
    return frozenset(first), frozenset(last), frozenset(inside)


_MEASURED = re.compile("[一二两三四五几每这那][个只朵株种条位次件片本家张台]")
"""A number with what it counts."""


def may_be_term(run: str, primary: str) -> bool:
    """Whether a run of at least two signs of a language without spaces has no grammar at its ends."""
    first, last, inside = function_signs(primary)
    low = fold(run, primary)
    if len(run) < 2 or low[0] in first or low[-1] in last or inside & set(low):
        return False
    ordinary = function_words(primary)
    return not _MEASURED.search(low) and not any(low[:k] in ordinary or low[-k:] in ordinary for k in (2, 3))
