"""Private numbers in texts: telephones, identity cards, accounts, masked in SQL."""

# RE2 knows words of ASCII only: no pattern may lean on where a word begins or ends.
# Signs of either width are digits here, and one or two others may part them.
_D = "[0-9０-９]"
_GAP = r"[-－‐‑–—.·\s\x{a0}\x{3000}\x{200b}\x{2060}]{0,2}"
_NAMED = "(户号|用户编号|客户编号|账号|帐号|卡号|表号|account)"
_CALLED = "(电话|手机号码|手机号|手机|联系方式|号码|tel|phone)"
_BETWEEN = "(?:[号码是为:：\\s]*)"
# In this order: an identity card holds what looks like a telephone, a long account
# too, and what is left of ten digits and more is an account.
MASKS = (
    (
        rf"[1-9１-９](?:{_GAP}{_D}){{5}}{_GAP}(?:19|20|１９|２０)"
        rf"(?:{_GAP}{_D}){{9}}{_GAP}[0-9０-９XxＸｘ]",
        "[证件号]",
    ),
    (rf"(?i){_NAMED}{_BETWEEN}{_D}{{6,}}", r"\1[户号]"),
    (rf"{_D}{{14,}}", "[户号]"),
    (
        rf"(?:[+＋]?[8８][6６]{_GAP})?[1１]{_GAP}[3-9３-９](?:{_GAP}{_D}){{9}}{_D}*",
        "[电话]",
    ),
    (
        rf"(?i){_CALLED}{_BETWEEN}[+＋]?{_D}[-－0-9０-９ \x{{3000}}]{{5,15}}{_D}",
        r"\1[电话]",
    ),
    (rf"[0０]{_D}{{2,3}}[)）]?[-－ ]{_D}{{7,8}}", "[电话]"),
    (rf"{_D}{{10,}}", "[户号]"),
    # Two numbers that run into each other look like a longer one: what is left of them
    # on either side goes, too.
    (rf"(?:{_D}+{_GAP})*\[(证件号|户号)\](?:{_GAP}{_D}+)*", r"[\1]"),
)


def masked(column: str) -> str:
    """SQL of the text `column` without telephones, identity cards and accounts.

    A word stands in the place of each: [电话], [证件号], [户号]. Rather too much is
    masked than too little: the number of an order goes with the rest.
    """
    sql = column
    for pattern, word in MASKS:
        sql = f"regexp_replace({sql}, '{pattern}', '{word}', 'g')"
    return sql
