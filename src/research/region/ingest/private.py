"""Private numbers in texts: telephones, identity cards, accounts, masked in SQL."""

# RE2, in this order: an identity card holds what looks like a telephone, and an
# account what looks like a landline. Signs of either width are digits here.
_D = "[0-9０-９]"
_NAMED = "(户号|用户编号|客户编号|账号|帐号|卡号|表号|account)"
_CALLED = "(电话|手机号码|手机号|手机|联系方式|号码|tel|phone)"
_BETWEEN = "(?:[号码是为:：\\s]*)"
MASKS = (
    (
        rf"[1-9１-９]{_D}{{5}}(?:19|20|１９|２０){_D}{{9}}[0-9０-９XxＸｘ]",
        "[证件号]",
    ),
    (rf"(?i){_NAMED}{_BETWEEN}{_D}{{6,20}}", r"\1[户号]"),
    (rf"(?i){_CALLED}{_BETWEEN}\+?{_D}[-0-9０-９ ]{{5,15}}{_D}", r"\1[电话]"),
    (rf"(?:\+?86[- ]?)?\b[1１][3-9３-９]{_D}[- ]?{_D}{{4}}[- ]?{_D}{{4}}\b", "[电话]"),
    (rf"\b0{_D}{{2,3}}-{_D}{{7,8}}\b", "[电话]"),
    (rf"\b{_D}{{10,20}}\b", "[户号]"),
)


def masked(column: str) -> str:
    """SQL of the text `column` without telephones, identity cards and accounts.

    A word stands in the place of each: [电话], [证件号], [户号].
    """
    sql = column
    for pattern, word in MASKS:
        sql = f"regexp_replace({sql}, '{pattern}', '{word}', 'g')"
    return sql
