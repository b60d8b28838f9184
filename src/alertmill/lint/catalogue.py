"""The catalogue of findings: everything `alertmill lint` can say, with what goes on and what to do.

`docs/lint.md` is generated from it and from the examples in `tests/unit/lint/examples`. A released code is never reused
for something else. L001 to L009 belong to the lists (`alertmill.codes`); each family of checks has its own numbers.
"""

from __future__ import annotations

from alertmill.lint.kinds import ERROR, NOTE, WARNING, Kind

# --- reach: rules that no event gets to -------------------------------------------------------------------------------
SHADOWED = Kind(
    "L010",
    "a rule that an earlier sibling always wins against",
    "Raise the level of this rule above that of the other, narrow the other one down, or hang this rule below it.",
    WARNING,
    "Siblings are tried in the order of their levels: 0 first, then 16 down to 1, equal levels in load order. The "
    "first one that holds wins, and nothing behind it is looked at. Here an earlier sibling holds for every event "
    "that this rule is for. No alert is lost: the events are told by the other rule, at the same level or a higher "
    "one.",
)
SILENCED = Kind(
    "L011",
    "a rule that a rule of level 0 silences",
    "Narrow the rule of level 0 down, or hang this rule below it.",
    ERROR,
    "Rules of level 0 are tried before all their siblings, and an event that ends in one makes no alert. Here one "
    "holds for every event that this rule is for.",
)
IMPOSSIBLE = Kind(
    "L012",
    "conditions that cannot hold together",
    "Remove one of the two conditions, or hang the rule somewhere else.",
    ERROR,
    "An event gets to a rule only when it fulfils the conditions of all rules above it, so those count as well. Two of "
    "these conditions exclude each other.",
)
NEVER_DECODED = Kind(
    "L013",
    "a decoder name that no event ever has",
    "Name the parent decoder, or write <use_own_name>true</use_own_name> into a child with a <prematch>.",
    ERROR,
    "A child decoder takes the name of its parent, unless it has <use_own_name> and a <prematch>. A rule for the name "
    "that it lost is loaded and never matches.",
)
WRONG_CATEGORY = Kind(
    "L014",
    "a decoder whose events go elsewhere in the rule tree",
    "Give the rule the <category> that is the decoder's <type>, or hang it below a rule of that category.",
    ERROR,
    "The <type> of the decoder decides at which top rule an event enters the tree. This rule stands below another one.",
)
NO_PROGRAM = Kind(
    "L015",
    "a program name that events of the decoder do not have",
    "Remove <program_name>, or name a decoder that has a <program_name> itself.",
    ERROR,
    "A log with a program name is only shown to decoders with <program_name>, one without to all others. A rule that "
    "asks for a decoder without it and for a program name asks for the impossible.",
)
DEAD_PARENT = Kind(
    "L016",
    "one of several parents never leads to the rule",
    "Take the parent out of if_sid; or mend the condition that keeps its events away.",
    WARNING,
    "The rule hangs below several others. Below one of them no event can fulfil it, or an earlier rule always takes "
    "the event.",
)
EMPTY_NOALERT = Kind(
    "L017",
    "a rule with noalert and nothing below it",
    "Remove noalert, or hang rules below it.",
    WARNING,
    "A rule with noalert is never the result, it only leads to its children. Without children it does nothing at all.",
)
GEOIP = Kind(
    "L018",
    "a condition on a field that is never filled",
    "Remove the condition.",
    ERROR,
    "srcgeoip and dstgeoip are only filled by special builds of Wazuh with a GeoIP database; elsewhere no event has "
    "them.",
)
BELOW_EVERYTHING = Kind(
    "L019",
    "a rule that hangs below every rule of a level",
    "Name the parents with if_sid or if_group.",
    WARNING,
    "if_level hangs the rule below every rule of this level or more, and below every rule of level 0, which include "
    "the tops of the tree.",
)
CUT_OFF = Kind(
    "L021",
    "a rule of a higher level that an earlier rule cuts off",
    "Narrow the other rule down, or hang this one, with all below it, below the other.",
    ERROR,
    "An earlier rule holds for every event that this rule is for, so that neither the rule is reached nor anything "
    "below it. It, or one of those below it, has a higher level than the rule that wins: its alerts are lost.",
)
SILENT_TWICE = Kind(
    "L020",
    "a rule of level 0 that makes no difference",
    "Remove it.",
    NOTE,
    "Its events end in another rule of level 0, which is tried first; either way they make no alert.",
)
MUTES = Kind(
    "L022",
    "a rule without conditions that takes the events of rules in other files",
    "Give it the condition that it is meant for; or overwrite the rules that are not wanted with level 0, one by one.",
    WARNING,
    "Level 0 is tried first, then 16 down to 1. A rule that asks for nothing holds for every event of its parent, and "
    "the rules beside it that are tried later, with all below them, never see one. These rules are in files that are "
    "not judged, such as the shipped ones, so this is told at the rule that takes their events.",
)

# --- patterns: what means something else than it seems ----------------------------------------------------------------
ANY_DOT = Kind(
    "L030",
    "a dot with a quantifier, which is neither",
    r'Write \.* or \.+ for any text, or use type="pcre2".',
    WARNING,
    r"In OSREGEX a dot is a dot, and a quantifier counts only behind a class such as \d or \. ; in OSMATCH nothing but "
    r"^ $ | and a leading ! has a meaning. So .* looks for a dot and a star.",
)
LITERAL_QUANTIFIER = Kind(
    "L031",
    "a quantifier that is an ordinary character",
    r'Quantifiers stand only behind classes (\d+ \w* \S+); use type="pcre2" for everything else.',
    WARNING,
    "OSREGEX knows + and * behind a backslash class only, and neither ? nor {n}. Elsewhere they stand for "
    "themselves, so the pattern looks for these very characters.",
)
BRACKETS = Kind(
    "L032",
    "a character class that is an ordinary text",
    r'Use \d \w \S and the like, or type="pcre2".',
    WARNING,
    "OSREGEX and OSMATCH have no [...]: the brackets and what is in them are looked for as they stand.",
)
ESCAPED_DOT = Kind(
    "L033",
    r"\. matches any character in OSREGEX",
    r"Write a dot without a backslash for a dot.",
    NOTE,
    r"In OSREGEX \. is the class of all characters and a plain dot is a dot, the other way round than in PCRE.",
)
PERL_GROUP = Kind(
    "L034",
    "syntax of PCRE in OSREGEX or OSMATCH",
    'Use type="pcre2". OSREGEX and OSMATCH ignore case anyway.',
    WARNING,
    "(?i), (?:...) and their like exist in PCRE2 only. Elsewhere the characters are looked for as they stand.",
)
MISPLACED_ANCHOR = Kind(
    "L035",
    "^ or $ where it is an ordinary character",
    'Put ^ first and $ last in each alternative, outside of groups; or use type="pcre2".',
    WARNING,
    "In OSREGEX and OSMATCH ^ is an anchor only as the first and $ only as the last character of an alternative.",
)
OSMATCH_ESCAPE = Kind(
    "L036",
    "a backslash in OSMATCH",
    'Leave the backslash out; for classes such as \\d use type="osregex" or "pcre2".',
    WARNING,
    "OSMATCH knows no escapes: a backslash must be in the text. <match>, <id>, <url>, <program_name> and the other "
    "text elements are OSMATCH unless they have a type; only <regex> and <field> are OSREGEX.",
)
OSMATCH_GROUP = Kind(
    "L037",
    "parentheses around alternatives in OSMATCH",
    'Write the alternatives in full, or use type="pcre2".',
    WARNING,
    "OSMATCH splits at every | and knows no groups: (a|b) looks for '(a' or for 'b)'.",
)
EXACT_ACTION = Kind(
    "L038",
    "a pattern where only equal text counts",
    'Add type="osmatch", "osregex" or "pcre2" to <action>.',
    ERROR,
    "<action> without a type is compared with the whole text, case included; it is no pattern.",
)
WIDE_WORD = Kind(
    "L039",
    r"\w of OSREGEX takes - and @",
    r'Use type="pcre2", or another class than \w before the - or @.',
    NOTE,
    r"In OSREGEX \w stands for letters, digits, _, - and @. Before a literal - or @ it stops at the first one, and the "
    r"engine seldom goes back.",
)
MATCHES_ALL = Kind(
    "L040",
    "an empty alternative, which matches everything",
    "Remove the | that is too much.",
    WARNING,
    "Nothing stands before or behind a |, or between two of them. The empty text is in every text, so the condition "
    "always holds.",
)
NEVER_MATCHES = Kind(
    "L041",
    "a pattern that cannot match",
    'Use type="pcre2", which compares bytes, or leave the character out.',
    ERROR,
    "In OSREGEX, and in OSMATCH without anchors, a byte that is not ASCII never matches.",
)
NO_ANCHORS = Kind(
    "L042",
    "a short number or an address without anchors",
    "Anchor it: ^1$.",
    WARNING,
    "Patterns are searched in the value, so 1 also matches 10, 21 and 100, and 10.0.0.1 also 110.0.0.1 and 10.0.0.12.",
)
BARE_DOT = Kind(
    "L043",
    "a dot that matches any character in an address or a file name",
    r"Write \. for a dot in PCRE2.",
    NOTE,
    "In PCRE2 a dot matches any character, so 10.0.0.1 also matches 10x0y0z1, and 10.0.091.",
)
LINE_BREAK = Kind(
    "L044",
    "a line break that belongs to the pattern",
    "Write tag, pattern and end tag on one line.",
    WARNING,
    "The text of an element is taken as it stands, blanks and line breaks included, and logs seldom hold line breaks.",
)
ENTITY = Kind(
    "L045",
    "an XML entity that is not decoded",
    r"Write the character itself; a < as \<.",
    WARNING,
    "The files only look like XML: &lt; stays these four characters. OSREGEX and PCRE2 read \\< as a <.",
)
GLUED_PATTERNS = Kind(
    "L046",
    "elements that are joined without a separator",
    "Put the | into one of the elements, or use one element.",
    WARNING,
    "Several elements of one name are one pattern, their texts put together as they are: "
    "<match>a</match><match>b</match> looks for 'ab', not for both or either. Only <field>, <list>, <srcip> and "
    "<dstip> are conditions of their own.",
)
GLUED_IDS = Kind(
    "L047",
    "rule ids or groups that grow together",
    "Write one element, with commas between ids and | between groups.",
    ERROR,
    "The texts of several <if_sid> (or <if_group> ...) elements are put together without a separator: 100 and 200 make "
    "100200.",
)
BROKEN_GROUPS = Kind(
    "L048",
    "groups that touch each other",
    'Put something between the groups, or use type="pcre2".',
    ERROR,
    "In OSREGEX the second of two parentheses that touch is looked for as a character, so (a)(b) wants 'a(b'.",
)
IDLE_NEGATION = Kind(
    "L049",
    "an exclamation mark that does not negate",
    'Write negate="yes" into the element.',
    WARNING,
    "Only OSMATCH knows a !, and there only as the first character of the whole pattern, for all its alternatives. "
    "Elsewhere it must be in the text.",
)
JSON_BLANK = Kind(
    "L113",
    "JSON that the event format spells otherwise",
    'Use <field name="aws...">; or write type="pcre2" and ": ? behind the name, which matches both spellings.',
    WARNING,
    "Events of AWS are one line of JSON. In the format `compatible` there is a blank behind each colon and comma, in "
    "`improved` there is none. A pattern that is written for the other one never matches; with negate it always does.",
)

# --- counting: rules that look back -----------------------------------------------------------------------------------
COUNTS_SILENT = Kind(
    "L050",
    "counting a rule whose events are never kept",
    "Count a rule of level 1 or more without noalert.",
    ERROR,
    "Only the events whose final rule has a level above 0 go into the history. An event never ends in a rule with "
    "noalert, and one that ends in a rule of level 0 is forgotten at once.",
)
COUNTS_LATER = Kind(
    "L051",
    "counting a rule that is loaded later",
    "Move the counting rule behind the counted one: files are loaded in the order of their names.",
    ERROR,
    "A rule keeps a list of its events for rules that are loaded behind it. One that counts it from before never finds "
    "anything.",
)
COUNTS_EQUAL = Kind(
    "L052",
    "counting a counting rule of no lower level",
    "Give the rule a higher level than the one that it counts.",
    ERROR,
    "An event that made a counting rule fire is marked with the level of that rule, and stops the search of every "
    "other counting rule whose level is not higher.",
)
LEVEL_ZERO_COUNTS = Kind(
    "L053",
    "a counting rule of level 0",
    "Give the rule a level of 1 or more.",
    ERROR,
    "The search for earlier events stops at the first one that is marked with the rule's own level or more. All events "
    "begin with the mark 0, so a counting rule of level 0 never finds any.",
)
GROUP_NOT_FED = Kind(
    "L054",
    "rules of a counted group whose events do not count",
    "Count these rules by if_matched_sid, or load them before the rule that counts.",
    WARNING,
    "if_matched_group counts the events of the rules that were loaded before it. A rule whose events are also "
    "counted by an if_matched_sid somewhere keeps a list of its own and feeds no group, nor do rules of level 0 or "
    "with noalert.",
)
NEVER_RESETS = Kind(
    "L055",
    "a counting rule that fires again with every event",
    'Write frequency="3" or more; or ignore="60" to be told once a minute.',
    WARNING,
    "From the second event on, a rule with frequency 2, or without any, fires on every event for as long as one "
    "earlier event is within the timeframe. Only from 3 on does the count begin anew.",
)
NO_TIMEFRAME = Kind(
    "L056",
    "a frequency without a timeframe",
    'Write timeframe="..." in seconds.',
    NOTE,
    "Without a timeframe the internal option analysisd.default_timeframe holds, which is 360 seconds.",
)
NOTHING_COUNTED = Kind(
    "L057",
    "a frequency or timeframe that counts nothing",
    "Add if_matched_sid, if_matched_group or if_matched_regex; or remove the attribute.",
    WARNING,
    "frequency and timeframe have a meaning only in a rule with if_matched_sid, if_matched_group or if_matched_regex.",
)
SAME_AND_DIFFERENT = Kind(
    "L058",
    "the same field must be equal and different",
    "Remove one of the two.",
    ERROR,
    "same_x wants the value of x to be there and equal in both events, different_x does not.",
)
SAME_STATIC = Kind(
    "L059",
    "same_field or different_field with the name of a static field",
    "Write the element of the field: <same_srcip />, <different_url /> ...",
    WARNING,
    "same_field and different_field look at dynamic fields. srcip, dstuser, url and the like are static fields, which "
    "have elements of their own.",
)
SEARCH_IGNORED = Kind(
    "L060",
    "one way of counting that another one switches off",
    "Keep one of them, or make two rules.",
    WARNING,
    "Of several if_matched_ elements only one is searched: if_matched_sid before if_matched_group before "
    "if_matched_regex. With check_diff nothing is counted at all.",
)

# --- names of fields --------------------------------------------------------------------------------------------------
MISSPELLED_FIELD = Kind(
    "L061",
    "a field whose name is nearly that of a known one",
    "Correct the name.",
    WARNING,
    "JSON may hold any field, so no name is impossible. But this one is a letter or two, or the aws. before it, away "
    "from one that AWS writes or that rules of others under the same root ask for, and nothing else knows it. A "
    "missing field fulfils no condition.",
)

# --- fields that are never there --------------------------------------------------------------------------------------
NO_SUCH_FIELD = Kind(
    "L065",
    "a condition on a field that the decoder does not fill",
    "Correct the name, or add the field to the <order> of the decoder.",
    ERROR,
    "A missing field fulfils no condition, not even a negated one. None of the decoders whose events get to this rule "
    "names the field in an <order>.",
)
NO_SUCH_REFERENCE = Kind(
    "L066",
    "a description with a field that is never filled",
    "Correct the name. $(dstuser) is the user, $(hostname) the host; there is no $(user), $(location) or $(timestamp).",
    WARNING,
    "$(name) becomes the value of the field, and nothing at all where the event does not have it. Blanks inside the "
    "parentheses belong to the name.",
)
NOT_A_REFERENCE = Kind(
    "L067",
    "a description with a reference that is not one",
    "Write $(name).",
    NOTE,
    "Only $(name) is replaced. ${name}, $name and a $( without its ) stay as they are.",
)
NO_FIRST_SEEN = Kind(
    "L068",
    "if_fts below a decoder without fts",
    "Add <fts> to the decoder, or remove <if_fts />.",
    ERROR,
    "What counts as new is said by the <fts> of the decoder. Without one if_fts never holds.",
)
LONG_DESCRIPTION = Kind(
    "L069",
    "a description that is too long to be filled in",
    "Shorten it well below 1024 bytes.",
    NOTE,
    "A description that would become 1024 bytes or longer is printed with its $(...) as they stand.",
)

# --- lists ------------------------------------------------------------------------------------------------------------
EMPTY_LIST = Kind(
    "L070",
    "a look-up in an empty list",
    "Fill the list, and reload; or take the rule out until then.",
    WARNING,
    "Nothing is in the list, so match_key and its like never hold, and not_match_key always does.",
)
NO_CHECK_VALUE = Kind(
    "L071",
    "a look-up of a value that says not which",
    'Add check_value="...", or use lookup="match_key".',
    ERROR,
    "match_key_value and address_match_key_value compare the value that the list holds with check_value. Without it "
    "they never hold.",
)
IDLE_CHECK_VALUE = Kind(
    "L072",
    "a check_value that is not looked at",
    'Use lookup="match_key_value".',
    WARNING,
    "Only match_key_value and address_match_key_value look at check_value.",
)
WRONG_LOOKUP = Kind(
    "L073",
    "a list of networks that is looked up as a list of words",
    'Use lookup="address_match_key".',
    WARNING,
    "The list holds networks such as '10.1.', which match_key only finds when the field is exactly that text.",
)
CIDR_KEY = Kind(
    "L074",
    "a list entry that no address look-up finds",
    "Write networks as prefixes that end in a dot (10.1.:), and put IPv6 addresses in double quotes.",
    WARNING,
    "Lists know no /8 and no IPv6 networks: an address is looked up as it is and by its prefixes that end in a dot. "
    "A key ends at its first colon unless it is in double quotes.",
)
LIST_FIELD = Kind(
    "L075",
    "a list that looks up a field which is never there",
    "Correct the name of the field.",
    ERROR,
    "A missing field is in no list, and not_match_key does not hold for it either.",
)

# --- overwrites -------------------------------------------------------------------------------------------------------
OVERWRITE_IDLE = Kind(
    "L080",
    "an overwrite that changes nothing",
    "Remove it.",
    WARNING,
    "The rule says exactly what the one says that it overwrites.",
)
OVERWRITE_DROPS = Kind(
    "L081",
    "an overwrite that drops conditions",
    "Repeat the conditions of the original that shall still hold.",
    WARNING,
    "An overwrite replaces the rule as a whole: what it does not repeat is gone, conditions included. Only the place "
    "in the tree stays (if_sid, if_group, if_level).",
)
OVERWRITE_STOPS_COUNTING = Kind(
    "L082",
    "an overwrite that makes a counting rule fire at once",
    "Repeat the if_matched_ element, with frequency and timeframe.",
    ERROR,
    "A rule that is overwritten without its if_matched_ element does not count any more: it fires on every event that "
    "gets to it.",
)
OVERWRITE_KEEPS_ORDER = Kind(
    "L083",
    "an overwrite whose new level does not move the rule",
    "Give the new rule an id of its own and silence the old one, if the order matters.",
    WARNING,
    "An overwritten rule keeps its place among its siblings, which follows from the level it had at first. So it is "
    "tried before, or behind, rules that its new level would have put it behind, or before.",
)
FOREIGN_ID = Kind(
    "L084",
    "an id outside the range for rules of one's own",
    "Use an id from 100000 to 120000.",
    WARNING,
    "Rules of one's own have ids from 100000 to 120000. A later version of the shipped ruleset may bring a rule with "
    "any other id, and then one of the two is left out.",
)

# --- what has no effect, and style ------------------------------------------------------------------------------------
IDLE_REFERENCE = Kind(
    "L090",
    "an element that another one switches off",
    "Remove it, or write it as a condition of a rule of its own.",
    WARNING,
    "A rule hangs where the first of if_sid, if_level, if_group and category says that it has; the others are not "
    "looked at. <category> places a rule only when there is nothing else.",
)
IDLE_OPTION = Kind(
    "L091",
    "an option without effect",
    "Remove it.",
    NOTE,
    "Options are applied one after another, on flags that follow from the level. This one leaves them as they are, "
    "or is undone by a later one.",
)
IDLE_IGNORED = Kind(
    "L092",
    "check_if_ignored, which has no effect",
    'Use ignore="..." of a rule, or a list.',
    NOTE,
    "In Wazuh check_if_ignored never finds what ignore has written, and Alertmill does the same.",
)
MINIMUM_SIZE = Kind(
    "L093",
    "maxsize, which is a minimum",
    "Nothing, if a minimum is meant; there is no condition on the most bytes.",
    NOTE,
    "In spite of its name maxsize holds for logs of that many bytes or more.",
)
WIDE_GROUP = Kind(
    "L094",
    "if_group that takes in other groups",
    "Name the parents with if_sid, or choose a group name that is part of no other.",
    WARNING,
    "if_group looks for its word anywhere in the group text of a rule, so 'sca' is also found in 'portscan'.",
)
GLUED_GROUPS = Kind(
    "L095",
    "group names that grow together",
    "End every group text with a comma.",
    WARNING,
    "The groups of a rule are the name of its <group> and the texts of its own <group> elements, put together without "
    "a separator.",
)
NO_COMMA = Kind(
    "L096",
    "a group name without a comma at its end",
    'Write <group name="name,">.',
    NOTE,
    "Nothing is wrong yet; but the first <group> that a rule adds grows together with the name.",
)
NO_GROUPS = Kind(
    "L097",
    "a rule without groups",
    'Give the <group> around it a name, such as <group name="local,">.',
    NOTE,
    "Dashboards, reports and if_group find alerts by their groups.",
)
SAME_DESCRIPTION = Kind(
    "L098",
    "rules with the same description",
    "Say what is special about each of them.",
    NOTE,
    "In a list of alerts nobody can tell them apart.",
)
UNKNOWN_MITRE = Kind(
    "L099",
    "a MITRE ATT&CK id that is not known",
    "Look the id up at https://attack.mitre.org/techniques/enterprise/.",
    WARNING,
    "The table has the techniques of the Enterprise matrix. An unknown id is shown without names, or not at all.",
)

# --- decoders ---------------------------------------------------------------------------------------------------------
DECODER_SHADOWED = Kind(
    "L100",
    "a decoder that an earlier one always wins against",
    "Move the decoder before the other (files are loaded in the order of their names), or make the other more precise.",
    ERROR,
    "Decoders without parent are tried in load order, and the first one whose <program_name> and <prematch> match "
    "keeps the log. Here an earlier one matches every log that this one is for.",
)
CHILD_SHADOWED = Kind(
    "L101",
    "a child decoder that is never chosen",
    "Put the child before the other one, or give both a <prematch> that tells them apart.",
    ERROR,
    "The children of a decoder are tried in load order, and the first one without a <prematch>, or whose <prematch> "
    "matches, is chosen for good. Only decoders of the same name as the chosen one come after it.",
)
DECODER_IMPOSSIBLE = Kind(
    "L102",
    "decoder patterns that cannot match together",
    'Write offset="after_parent" or "after_prematch" if the pattern goes on behind the other one.',
    ERROR,
    "Without an offset a pattern is tried on the whole log, which begins with what the parent's <prematch> asks for.",
)
ROOT_REGEX = Kind(
    "L103",
    "a regex that is never run because the decoder has children",
    "Move the regex into a child.",
    WARNING,
    "As soon as a decoder has children its own <regex> and <plugin_decoder> are never run.",
)
CHILD_PROGRAM = Kind(
    "L104",
    "program_name in a child decoder",
    "Move it to the parent.",
    WARNING,
    "The <program_name> of a child is read and never looked at.",
)
CHILD_OPTIONS = Kind(
    "L105",
    "an option of a child without prematch",
    "Give the child a <prematch>, or move the option to the parent.",
    WARNING,
    "Only a child whose own <prematch> matched becomes the decoder of the event. Of one without, <regex>, <order> and "
    "<plugin_decoder> count, and all other options are those of the parent.",
)
TOO_MANY_NAMES = Kind(
    "L106",
    "an order with more names than the regex has groups",
    "Add the groups, or remove the names.",
    WARNING,
    "The first group goes to the first name, and so on. Names without a group are never filled.",
)
TOO_MANY_GROUPS = Kind(
    "L107",
    "a regex with more groups than the order has names",
    "Add the names, or take the parentheses away.",
    WARNING,
    "What a group captures without a name for it is thrown away.",
)
ORDER_NAME = Kind(
    "L108",
    "an order with a line break in a name",
    "Write the order on one line, with commas between the names.",
    ERROR,
    "Only blanks around a name are dropped; a line break or tab is taken for a name, and the real name behind it is "
    "lost.",
)
ORDER_TWICE = Kind(
    "L109",
    "a field that stands twice in an order",
    "Give the second one another name.",
    WARNING,
    "Of a static field the last value counts, of a dynamic one the first.",
)
NEARLY_STATIC = Kind(
    "L110",
    "a dynamic field that is spelled almost like a static one",
    "Write the static name in lower case.",
    WARNING,
    "Static names are compared with case: SrcIP is a dynamic field, and <srcip>, same_srcip and $(srcip) do not see "
    "it.",
)
FIREWALL_DROPS = Kind(
    "L111",
    "a firewall decoder whose events are dropped",
    "Fill action, srcip, dstip, srcport, dstport and protocol; or choose another <type>.",
    ERROR,
    "Events of type firewall that lack one of these six fields are dropped before the rules, without a word, unless "
    "analysisd.log_fw is 0.",
)
BROKEN_CHAIN = Kind(
    "L112",
    "a chain of decoders with a stranger in between",
    "Put the decoders of one name directly behind each other.",
    WARNING,
    "Decoders of one name below one parent are a chain, in which each is followed by the next in load order, whatever "
    "its name. Behind the stranger the chain ends.",
)

# --- comments for the linter itself -----------------------------------------------------------------------------------
IDLE_COMMENT = Kind(
    "L120",
    "a lint comment that silences nothing",
    "Remove it; or write <!-- lint: ignore L012 reason --> inside the rule, or directly before it.",
    NOTE,
    "The comment names a code of which nothing is found at this rule, decoder or group, or no code at all.",
)


def all_kinds() -> dict[str, Kind]:
    """Every kind of finding by its code, in order. Raises ValueError when a code is used twice."""
    found = [value for value in globals().values() if isinstance(value, Kind)]
    known = {kind.id: kind for kind in sorted(found, key=lambda kind: kind.id)}
    if len(known) != len(found):
        raise ValueError("a code of lint is defined twice")
    return known
