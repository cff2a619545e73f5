# ruff: noqa: E501 - one case, one line
"""Numbers are compared by what they mean, however each language writes them; what is lost, changed or new is named."""

import importlib.util
import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtreason.gates.numbers import differing_numbers
from mtreason.languages import Direction, parse_language
from mtreason.numbers import differing, numbers_in, values_in

ROOT = Path(__file__).parents[2]
LANGUAGES = ("zh", "en", "de", "fr", "ja", "es", "it", "ko", "ru", "hi", "ar", "vi")


def way(languages) -> Direction:
    return Direction(*(parse_language(tag) for tag in languages.split("-")))


@pytest.mark.parametrize(
    ("languages", "source", "text"),
    [
        ("zh-en", "本次活动筹款560万元。", "The event raised 5.6 million yuan."),
        ("zh-en", "2023年营收达到3.08亿元。", "Revenue reached 308 million yuan in 2023."),
        ("zh-en", "三万五千人参加了比赛。", "35,000 people took part in the race."),
        ("zh-en", "一共一百二十三页，还有5千本。", "123 pages in all, and 5,000 copies."),
        ("zh-en", "原价¥1,299.00，现价¥899.50，立省三成。", "Was ¥1,299, now ¥899.50: save 30%."),
        ("zh-en", "今天的气温是-3.5℃，湿度78%。", "It is -3.5 °C today, with a humidity of 78%."),
        ("zh-en", "发货日期：2024年3月15日。", "Shipped on March 15, 2024."),
        ("zh-en", "会议时间：下午3点半到5点一刻。", "The meeting is from 3:30 to 5:15 p.m."),
        ("zh-en", "他身高1米83，体重75公斤。", "He is 183 cm tall and weighs 75 kg."),
        ("zh-en", "客服热线：400-820-5533（工作日9:00-18:00）。", "Hotline: 4008205533 (9 a.m. to 6 p.m. on weekdays)."),
        ("zh-en", "三个人，一只狗，两把椅子", "3 people, a dog, a pair of chairs"),
        ("zh-en", "20世纪80年代", "in the 1980s"),
        ("zh-en", "打车花了三毛二。", "The ride cost 32 cents."),
        ("zh-en", "一共五块三毛二，他三毛钱都没有。", "5.32 yuan in all, and he does not have 30 cents."),
        ("zh-en", "我烧到39度2了，他三十九度二", "I have a fever of 39.2 degrees, and so does he: 39.2"),
        ("zh-en", "三块五一斤，三块五十二个", "three-fifty a jin, 3.5 yuan for twelve"),
        ("zh-en", "30度2级风", "30 degrees, with a breeze of force 2"),
        ("zh-en", "他八十有三，油六成热", "He is 83, and the oil is moderately hot"),
        ("zh-en", "保修24个月，续保十八个月", "two years of warranty, and a year and a half more"),
        ("zh-en", "请在72小时内回复，14天无理由退货", "Reply within three days; returns for two weeks"),
        ("de-en", "nach 36 Monaten", "after three years"),
        ("ja-en", "保証は24か月です", "a two-year guarantee"),
        ("ru-en", "36 месяцев", "three years"),
        ("en-zh", "It cost four dollars and eighty-five cents.", "价格是4.85美元。"),
        ("zh-en", "有七八十个人，花了两年半", "seventy or eighty people, two and a half years"),
        ("zh-en", "百分之三十的人，三分之一的钱，全价八折", "30 percent of the people, a third of the money, 20% off"),
        ("zh-en", "万一下雨，千万别出门", "Should it rain, do not go out"),
        ("zh-en", "23点我打电话给她", "I called her at 11 p.m."),
        ("zh-en", "周三下午三点", "Wednesday, three in the afternoon"),
        ("zh-en", "现在是两点四十五分。", "It's a quarter to three."),
        ("zh-en", "我家离这儿五十千米。", "I live fifty kilometres from here."),
        ("zh-de", "下午3点半", "um 15:30 Uhr"),
        ("zh-de", "一百万", "eine Million"),
        ("zh-fr", "晚上7点45分", "à 19h45"),
        ("zh-fr", "1234.5公里", "1 234,5 km"),
        ("de-en", "1.234,50 Euro, 3,5 Millionen, 2 Mrd., am 3. Mai 2023", "1,234.50 euros, 3.5m, 2 billion, on May 3, 2023"),
        ("de-en", "dreihundertfünfzig, einundzwanzig, halb vier", "350, 21, 3:30"),
        ("de-en", "zweieinhalb Millionen, drei Dutzend", "2.5 million, 36"),
        ("fr-en", "quatre-vingt-dix-huit, XVIe siècle, 3 milliards", "98, 16th century, 3 billion"),
        ("es-en", "3,5 mil millones, treinta y cinco", "3.5 billion, 35"),
        ("it-en", "tremilacinquecento, 2 miliardi", "3,500, 2 billion"),
        ("en-de", "1.5 billion", "1,5 Milliarden"),
        ("en-zh", "5 lakh, 2 crore, 3 dozen", "50万，2000万，36"),
        ("en-zh", "nineteen eighty-four, half a million", "1984，五十万"),
        ("en-zh", "COVID-19 and a B-52 in 3D", "新冠和轰炸机的立体图"),
        ("en-zh", "$140 and €100m, RMB280 million", "140美元，1亿欧元，2.8亿元"),
        ("en-zh", "from 1981-87, .291", "1981年至1987年，0.291"),
        ("en-ru", "3 days, 2.5 million people, 99 percent", "три дня, 2,5 миллиона человек, девяносто девять процентов"),
        ("ko-en", "3만 5천 명, 2억", "35,000 people, 200 million"),
        ("ja-en", "3億5000万円、昭和15年、２割、午後3時", "350 million yen, 1940, 20%, 3 p.m."),
        ("hi-en", "५ लाख, १२३", "500,000, 123"),
        ("ar-en", "١٢٣٤ و ٥٠", "1234 and 50"),
        ("zh-en", "１２３，４５６元", "123,456 yuan"),
        ("de-en", "1'234'567 Franken", "1,234,567 francs"),
        ("en-zh", "See page 5/3/2023", "见2023年5月3日"),
    ],
)  # fmt: skip
def test_the_same_numbers(languages, source, text) -> None:
    direction = way(languages)
    assert differing(source, text, direction) == ()
    assert differing(text, source, Direction(direction.target, direction.source)) == ()


@pytest.mark.parametrize(
    ("languages", "source", "text", "said"),
    [
        ("zh-en", "筹款560万元", "raised 560 million", ("560万 (5,600,000) is not in the translation", "560 million (560,000,000) is not in the source")),
        ("zh-en", "达到3.08亿元", "reached 3.08 billion", ("3.08亿 (308,000,000) is not in the translation", "3.08 billion (3,080,000,000) is not in the source")),
        ("zh-en", "增长15%", "grew by 50%", ("15 is not in the translation", "50 is not in the source")),
        ("en-de", "in 1998", "im Jahr 1989", ("1998 is not in the translation", "1989 is not in the source")),
        ("de-en", "Das sind 1.234 Stück", "That is 1.234 pieces", ("1.234 (1,234) is not in the translation",)),
        ("zh-en", "下午3点半", "at 3:30 a.m.", ("下午3点半 is not 3:30 a.m.",)),
        ("zh-en", "气温-8℃", "a temperature of 8 °C", ("-8 (8) is not below zero in the translation",)),
        ("zh-en", "三百人", "many people", ("三百 (300) is not in the translation",)),
        ("en-zh", "three hundred people", "四百人", ("three hundred (300) is not in the translation", "四百 (400) is not in the source")),
        ("zh-en", "乘坐CA1832航班", "on flight CA1823", ("CA1832 is not CA1823",)),
        ("zh-en", "工资的四成", "four times the salary", ("四成 (40) is not in the translation",)),
        ("zh-en", "下午3点半到5点一刻", "from 3:30 to 5:00 p.m.", ("5点一刻 is not in the translation",)),
        ("zh-en", "他走了", "He left 35 minutes ago", ("35 is not in the source",)),
        ("en-ru", "There are 3 dogs and 1,250 cats", "Собаки и кошки", ("1,250 is not in the translation",)),
    ],
)  # fmt: skip
def test_other_numbers_are_named(languages, source, text, said) -> None:
    assert differing(source, text, way(languages)) == said


@pytest.mark.parametrize(
    ("languages", "source", "text", "other"),
    [
        ("th-en", "ราคา 3 แสนบาท", "300,000 baht", "3,000 baht"),
        ("th-en", "มี 5 พันธุ์", "There are 5 breeds.", "There are 5,000 breeds."),
        ("th-en", "เกิดเมื่อ พ.ศ. 2500", "born in 1957", "born in 1975"),
        ("en-th", "born in 1957", "เกิดเมื่อ พ.ศ. 2500", "เกิดเมื่อ พ.ศ. 2510"),
        ("fa-en", "سال ۱۳۹۹ بود.", "It was 2020.", "It was 2002."),
        ("ar-en", "عام 1445هـ", "the year 2023", "the year 2032"),
        ("en-de", "2½ cups", "2,5 Tassen", "2,25 Tassen"),
        ("en-fr", "Bake for 1¾ hours.", "Cuire pendant 1 h 45.", "Cuire pendant 1 h 15."),
        ("en-de", "11 1/2 inches", "11,5 Zoll", "11,2 Zoll"),
        ("en-pl", "1½ cups", "półtorej szklanki", "15 szklanek mąki i 30 jajek"),
        ("fi-en", "Kokous alkaa klo 14.15.", "The meeting starts at 2:15 p.m.", "The meeting starts at 4:15 p.m."),
        ("da-en", "Åbent kl. 9.30-17.45", "Open 9:30 a.m. to 5:45 p.m.", "Open 9:30 a.m. to 5:15 p.m."),
        ("id-en", "Mulai pukul 19.30.", "It starts at 7:30 p.m.", "It starts at 9:30 p.m."),
        ("de-en", "Wir treffen uns um halb drei.", "We meet at half past two.", "We meet at half past three."),
        ("de-en", "um Viertel nach sieben", "at a quarter past seven", "at a quarter past eleven"),
        ("de-en", "um drei viertel acht", "at a quarter to eight", "at a quarter past eight"),
        ("nl-en", "We eten om half zeven.", "We eat at half past six.", "We eat at half past seven."),
        ("sv-en", "Mötet börjar klockan halv tre.", "The meeting starts at 2:30.", "The meeting starts at 3:30."),
        ("en-fr", "at half past seven", "à sept heures et demie", "à huit heures et demie"),
        ("en-es", "at a quarter past four", "a las cuatro y cuarto", "a las cinco y cuarto"),
        ("en-zh", "6.02×10²³ molecules", "6.02×10^23个分子", "6.02×10²²个分子"),
        ("zh-en", "请拨打 138 0013 8000。", "Please call 13800138000.", "Please call 13800138001."),
        ("fr-en", "1 234 567 habitants", "1,234,567 people", "1,234,576 people"),
        ("yue-en", "用咗廿蚊", "It cost 20 dollars.", "It cost 200 dollars."),
        ("en-de", "Chapter XIV: Louis XVI", "Kapitel XIV: Ludwig XVI.", "Kapitel XV: Ludwig XVI."),
        (
            "fr-en",
            "La Seconde Guerre mondiale, au XXe siècle",
            "World War II, in the 20th century",
            "World War II, in the 21st century",
        ),
        ("en-zh", "Sony WH-1000XM5", "索尼 WH-1000XM5", "索尼 WH-1000XM4"),
        ("zh-en", "5G手机", "a 5G phone", "a 4G phone"),
        ("en-de", "Published 2024-03-05.", "Veröffentlicht am 5. März 2024.", "Veröffentlicht am 3. Mai 2024."),
        ("pl-en", "z 12.07.2023 r.", "of 12 July 2023", "of 7 December 2023"),
        ("zh-en", "2024年5月4日", "May 4, 2024", "April 5, 2024"),
        ("vi-en", "ngày 2 tháng 9", "September 2", "February 9"),
        ("zh-en", "一共五块三毛二。", "5.32 yuan in all", "5.23 yuan in all"),
        ("zh-en", "我烧到39度2了", "a fever of 39.2 degrees", "a fever of 39.4 degrees"),
        ("zh-en", "保修36个月", "three years of warranty", "five years of warranty"),
        ("en-zh", "within 72 hours", "三天之内", "五天之内"),
        ("en-zh", "four dollars and eighty-five cents", "4.85美元", "4.58美元"),
    ],
)
def test_each_kind_is_the_same_and_another(languages, source, text, other) -> None:
    assert differing(source, text, way(languages)) == ()
    assert differing(source, other, way(languages)) != ()


def test_a_working_day_is_no_time() -> None:
    assert differing("从早上九点工作到下午五点半。", "He works from nine to five-thirty.", way("zh-en")) == ()


def test_a_number_of_any_length_is_compared_and_cut_where_it_is_named() -> None:
    digits = "9" * 5000
    assert differing(digits, digits, way("zh-en")) == ()
    lost, new = differing(digits, digits[:-1], way("zh-en"))
    assert lost == f"{'9' * 40}… is not in the translation"
    assert new == f"{'9' * 40}… is not in the source"


def test_what_is_in_codes_and_addresses_is_left_out() -> None:
    source = "打开<1>设置</1>，见 https://a.b/c?id=30718 和 {0:5d}"
    assert differing_numbers(source, "Open the settings", way("zh-en")) == ()
    assert differing_numbers("1.234.567 Einwohner", "12,345,678 people", way("de-en")) != ()


def test_a_language_that_cldr_lacks_is_not_compared() -> None:
    assert differing("25", "36", way("en-tlh")) == ()
    assert values_in("25", parse_language("tlh")) == frozenset()


WORDS = [
    "three",
    "hundred",
    "thousand",
    "million",
    "and a half",
    "dozen",
    "p.m.",
    "quarter to",
    "cinq",
    "cents",
    "mille",
    "zweiundzwanzig",
    "tausend",
    "Uhr",
    "halb vier",
    "mil millones",
    "cento",
    "mila",
    "May",
    "mars",
    "Q1",
    "IV",
    "½",
    "٣",
    "३",
    "COVID-19",
    "1980s",
]
PIECES = st.one_of(
    st.text(max_size=12),
    st.text("0123456789.,'’:-/ %hHT", max_size=12),
    st.text("〇零一二三两十百千万亿兆点半几多分之成折年月日时刻第个0.", max_size=10),
    st.sampled_from(WORDS),
)
TEXTS = st.lists(PIECES, max_size=8).flatmap(lambda own: st.sampled_from(["", " "]).map(lambda sign: sign.join(own)))


@given(TEXTS, TEXTS, st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES))
def test_no_text_is_too_odd(source, text, before, after) -> None:
    direction = way(f"{before}-{after}")
    said = differing(source, text, direction)
    assert said == differing(source, text, direction)
    assert all(isinstance(what, str) and what for what in said)


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_a_text_has_its_own_numbers(text, language) -> None:
    assert differing(text, text, way(f"{language}-{language}")) == ()


@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "12 ", "123 ", "1.", "1,234,", "1-", "-1", "a-", "a1 ", "12:30 ", "十", "一", "万", "3万", "一点", "几", "3世",
     "one ", "hundred ", "million ", "3 million ", "half ", "two and ", "cent ", "vier ", "x", "I", "½", ".1", "半", "1/2 "],
)  # fmt: skip
def test_reading_takes_time_in_proportion(piece) -> None:
    seconds = []
    for times in (2000, 8000):
        text = piece * times
        started = time.process_time()
        differing(text, "x", way("zh-en"))
        differing(text, "x", way("en-zh"))
        seconds.append(time.process_time() - started)
    assert seconds[1] <= 9 * seconds[0] + 0.6, seconds


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        spec = importlib.util.spec_from_file_location("benchmark_values", ROOT / "benchmarks" / "values.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return module


def test_right_translations_have_no_alarm_and_damaged_ones_have(benchmark) -> None:
    rows = [json.loads(line) for line in benchmark.ROWS.read_text("utf-8").splitlines()]
    assert len(rows) >= 200
    passed, made = [], 0
    for row in rows:
        direction = benchmark.direction_of(row)
        assert differing_numbers(row["src"], row["ref"], direction) == (), row
        assert benchmark.is_right(row, row["ref"]), row
        for kind, text in benchmark.damaged(row["ref"]):
            made += 1
            if not differing_numbers(row["src"], text, direction):
                passed.append((kind, row["src"], text))
    assert len(passed) <= 0.05 * made, passed


def test_numbers_as_they_are_written() -> None:
    zh, en = parse_language("zh"), parse_language("en")
    assert set(numbers_in("这双鞋一共卖了 3.5 万双，12 天。", zh)) == {"3.5 万", "12"}
    assert set(numbers_in("A pair costs 1,000 dollars in one of two shops.", en)) == {"1,000"}
    assert numbers_in("no numbers", en) == ()
