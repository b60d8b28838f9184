"""The catalogue of problem codes: the table of contents of everything Alertmill can complain about.

One line of constants per code, grouped by the room that uses it; `docs/errors.md` is generated from this table and from
the examples in `tests/diagnostics`. A released code is never reused for something else. Letters: X the XML reader,
C configuration, D decoders, R rules, L lists, A the AWS module, T tests of rules.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A stable identifier of one kind of problem: `id`, a short `title`, and the `cure` told in `docs/errors.md`."""

    id: str
    title: str
    cure: str


# --- X: the XML reader (spec/config-loading.md 2 and 3) ---------------------------------------------------------------
X_SYNTAX = Code(
    "X001",
    "the file is not readable as Wazuh's XML",
    "Mend the element at the marked place; nothing of a file with such an error is used.",
)
X_VARIABLE = Code(
    "X002",
    "a <var> is malformed or a $NAME is not defined",
    "Define the variable above its first use, or write the text so that it does not look like a variable.",
)
X_UNREADABLE = Code(
    "X003",
    "a file could not be opened",
    "Check that the file exists and that the daemon's user may read it.",
)

# --- C: configuration -------------------------------------------------------------------------------------------------
C_UNKNOWN = Code(
    "C001",
    "a section or option that does not exist",
    "Correct the name; names are case-sensitive and each option belongs to one section.",
)
C_EMPTY = Code(
    "C002",
    "an element without the text it needs",
    "Write the value between the tags, or remove the element so that its default holds.",
)
C_VALUE = Code(
    "C003",
    "a value that the option does not allow",
    "Write one of the values named in the message; values are compared exactly, blanks included.",
)
C_ATTRIBUTE = Code(
    "C004",
    "an attribute is missing or wrong",
    "Write the attribute that the message names.",
)
C_REQUIRED = Code(
    "C005",
    "a definition lacks an option that it cannot do without",
    "Add the option that the message names.",
)
C_CONFLICT = Code(
    "C006",
    "options that do not go together",
    "Keep one of them, or add the one that the other needs.",
)
C_ADJUSTED = Code(
    "C007",
    "a value is replaced by the nearest one that works",
    "Write the value that is used, so that the file says what happens.",
)
C_SECTION_IDLE = Code(
    "C008",
    "a section that Alertmill reads past",
    "Nothing is wrong with the file: this part of Wazuh's work is not done by Alertmill. Remove the section, or keep "
    "it for the daemon that does.",
)
C_OPTION_IDLE = Code(
    "C009",
    "an option without effect",
    "Remove the option, or keep it for the Wazuh daemon that reads it.",
)
C_DEPRECATED = Code(
    "C010",
    "an option that still works but should be replaced",
    "Use what the message recommends.",
)
C_OVERRIDDEN = Code(
    "C011",
    "a <ruleset> section replaced by a later one",
    "Write all of it into one <ruleset> section; Wazuh uses the last one only.",
)
C_PATTERN = Code(
    "C012",
    "a pattern that does not compile",
    "Correct the pattern at the marked place.",
)
C_NOTHING = Code(
    "C013",
    "a file or section in which nothing is configured",
    "Add what is missing, or remove the section.",
)
C_INTERNAL = Code(
    "C014",
    "an internal option that is not a number in its range, or unknown",
    "Write a whole number within the range; until then the default holds.",
)
C_FOLDER = Code(
    "C015",
    "a folder that is missing or cannot be listed",
    "Correct the path, create the folder, or make a home with `alertmill init`.",
)
C_ENCODING = Code(
    "C016",
    "a value that is not UTF-8",
    "Save the file as UTF-8.",
)

# --- D: decoders ------------------------------------------------------------------------------------------------------
D_NO_DECODER = Code(
    "D001",
    "a decoder file holds no decoder",
    "Write at least one <decoder> into the file, or take it out of the folder.",
)
D_ROOT = Code(
    "D002",
    "an element that is not a well-formed <decoder>",
    'Write <decoder name="...">; only status="..." may stand behind the name.',
)
D_EMPTY = Code(
    "D003",
    "a decoder without any option",
    "Say what the decoder looks for, or remove it.",
)
D_ELEMENT = Code(
    "D004",
    "an option that decoders do not have",
    "Correct the spelling; docs/adding-a-decoder.md lists the options. <type> must be written in lower case.",
)
D_TYPE = Code(
    "D005",
    "an unknown decoder type",
    "Use one of the words that the message lists, in lower case and without blanks.",
)
D_PLUGIN = Code(
    "D006",
    "an unknown plugin decoder",
    "Use one of the names that the message lists; upper and lower case count.",
)
D_DIALECT = Code(
    "D007",
    "a pattern type that this option does not take",
    "Use osregex or pcre2 (program_name: osmatch as well); until then the default type is used.",
)
D_OFFSET = Code(
    "D008",
    "an unknown offset",
    "Use one of the offsets that the message lists; until then the pattern is tried on the whole log.",
)
D_JSON_OPTION = Code(
    "D009",
    "an unknown value of a JSON option",
    "json_null_field takes string or discard, json_array_structure takes array or csv.",
)
D_PARENT = Code(
    "D010",
    "a parent that is not there",
    "Name a decoder without <parent> that is loaded earlier: files in the order of their names, decoders from the top.",
)
D_CHAIN = Code(
    "D011",
    "decoders of one name that cannot follow each other",
    "Of several decoders with the same name and parent only the first may have <prematch> or <fts>, and each needs "
    "<regex> or <plugin_decoder>.",
)
D_OFFSET_TARGET = Code(
    "D012",
    "an offset behind something that is not there",
    "after_parent needs <parent>, after_prematch an own <prematch>, after_regex an earlier decoder of the same name.",
)
D_TOO_LONG = Code(
    "D013",
    "an option whose text is too long",
    "An option has at most 1023 bytes, all its elements together; the longer text is dropped. Split the decoder in "
    "two.",
)
D_NOTHING_TO_MATCH = Code(
    "D014",
    "a decoder that nothing can select",
    "Give the decoder a <prematch>, a <program_name> or a <parent>.",
)
D_REGEX_ORDER = Code(
    "D015",
    "<regex> and <order> that do not go together",
    "<regex> needs <order>, which names its captures; <order> and <fts> need <regex>.",
)
D_OFFSET_TWICE = Code(
    "D016",
    "an offset on a continued pattern",
    "Only the first of several <prematch> or <regex> elements of a decoder may carry the offset.",
)
D_PATTERN = Code(
    "D017",
    "a decoder pattern that its dialect does not allow",
    "Mend the pattern at the marked place, or choose another dialect with type=.",
)
D_PLUGIN_REGEX = Code(
    "D018",
    "a plugin decoder beside <regex> or <order>",
    "Put the regex into a second decoder of the same name and parent.",
)
D_ORDER = Code(
    "D019",
    "an <order> that cannot be read",
    "Write field names separated by single commas, none of them empty.",
)
D_FTS = Code(
    "D020",
    "an <fts> that cannot be read",
    "Name static fields, or dynamic fields that stand before the first static one in an <order> above.",
)
D_ONE_LIST = Code(
    "D021",
    "decoders for one kind of log only",
    "Nothing is wrong here; a Wazuh manager wants one decoder with and one without <program_name>.",
)
D_STATIC_FIELD = Code(
    "D022",
    "a <json_static_field> that cannot be read",
    'Write <json_static_field name="dynamic.field">static field</json_static_field> beside JSON_Decoder.',
)
D_ATTRIBUTE = Code(
    "D023",
    "an attribute that has no effect",
    "Remove the attribute, or correct its spelling.",
)
D_VALUE = Code(
    "D024",
    "a value that has no effect",
    "Write exactly true, without blanks; everything else leaves the option off.",
)

# --- R: rules ---------------------------------------------------------------------------------------------------------
R_FILE = Code(
    "R001",
    "a rules file holds something other than groups of rules",
    'Write every <rule> inside a <group name="...">; a group has that one attribute and at least one rule.',
)
R_NO_CHILDREN = Code(
    "R002",
    "a rule without any element",
    "Give the rule at least a <description>.",
)
R_ATTRIBUTE = Code(
    "R003",
    "a rule's attribute is unknown or has a value that is not allowed",
    "Correct the marked attribute; docs/adding-a-rule-option.md lists them all.",
)
R_NO_ID = Code(
    "R004",
    "a rule without a number as id or level",
    'Write <rule id="100100" level="5">: the id has one to six digits, the level lies between 0 and 16.',
)
R_ELEMENT = Code(
    "R005",
    "an element that rules do not have",
    "Correct its spelling, or remove it.",
)
R_DESCRIPTION = Code(
    "R006",
    "a rule without a description",
    "Add a <description>: it is what an alert says.",
)
R_DECODER = Code(
    "R007",
    "decoded_as names a decoder that does not exist",
    "Name a decoder of the loaded decoder files; upper and lower case matter and blanks are not trimmed.",
)
R_VALUE = Code(
    "R008",
    "an element's content or attribute is not one of those allowed",
    "Write one of the values that the message names.",
)
R_PATTERN = Code(
    "R009",
    "a pattern that its dialect does not allow",
    'Correct the marked place, or choose another dialect with type="osmatch", "osregex" or "pcre2".',
)
R_FIELD = Code(
    "R010",
    "a field criterion without a usable name",
    'Write <field name="...">; a static field such as srcip has an element of its own.',
)
R_CONTEXT = Code(
    "R011",
    "counting without anything to count",
    "Add if_matched_sid, if_matched_group or if_matched_regex, or remove frequency and the same_/different_ elements.",
)
R_PARENT = Code(
    "R012",
    "a rule hangs on a rule that does not exist",
    "Name a rule that is loaded before this one: files are loaded in the order of their names.",
)
R_DUPLICATE = Code(
    "R013",
    "a rule id that is taken",
    'Choose another id, or replace the first rule with overwrite="yes".',
)
R_OVERWRITE = Code(
    "R014",
    "an overwrite that does not do what it says",
    "A rule keeps its place in the tree when it is overwritten; to move it, give it a new id.",
)
R_REFERENCE = Code(
    "R015",
    "a reference to other rules that cannot be read",
    "Write rule ids as digits, separated by commas or blanks, on one line.",
)
R_NO_CANDIDATE = Code(
    "R016",
    "no loaded rule has the group, level or category that a rule hangs on",
    "Load the rules that are meant before this one, or correct the name.",
)
R_LIST = Code(
    "R017",
    "a rule uses a list that is not there",
    "Declare the list in the <ruleset> section under exactly this name, and check that its file can be read.",
)
R_MITRE = Code(
    "R018",
    "a mitre block that is left out",
    "Write <id> elements, or exactly one <tacticID> and one <techniqueID> per block.",
)
R_TOO_LONG = Code(
    "R019",
    "a text longer than an element can hold",
    "Split it into several elements of the same name, each shorter than 2048 bytes: their texts are joined.",
)
R_NO_EFFECT = Code(
    "R020",
    "something is accepted but has no effect, or not the one it seems to have",
    "Remove it, or write what the hint says.",
)

# --- L: lists ---------------------------------------------------------------------------------------------------------
L_LINE = Code(
    "L001",
    "a line of a list that holds no key and value",
    "Write key:value, with a key that contains colons in double quotes.",
)

# --- A: AWS -----------------------------------------------------------------------------------------------------------
A_REFUSED = Code(
    "A001",
    "AWS refused a call for want of a permission",
    "Grant the identity that the message names the action that it names, on the resource that it names.",
)
A_CREDENTIALS = Code(
    "A002",
    "the AWS credentials are missing, expired or not valid",
    "Check the profile, the access key or the role of the definition; `aws sts get-caller-identity` shows who they "
    "are.",
)
A_NO_BUCKET = Code(
    "A003",
    "the bucket does not exist",
    "Check the spelling of <name>; a bucket of another partition needs that partition's credentials.",
)
A_CLOCK = Code(
    "A004",
    "this machine's clock differs too much from AWS's",
    "Set the clock, for instance with chrony; AWS accepts a difference of fifteen minutes.",
)
A_UNREACHABLE = Code(
    "A005",
    "an AWS endpoint cannot be reached",
    "Check network, proxy and the endpoint options; the next run tries again and nothing is skipped.",
)
A_THROTTLED = Code(
    "A006",
    "AWS throttles the calls",
    "A longer <interval> or a narrower <path> or <regions> means fewer calls; the next run goes on where this one "
    "ended.",
)
A_FAILED_CALL = Code(
    "A007",
    "a call to AWS failed for another reason",
    "The message quotes AWS's answer; the next run tries again.",
)
A_NOTHING_FOUND = Code(
    "A008",
    "no logs lie where the definition looks for them",
    "Compare <path>, <path_suffix> and <aws_organization_id> with a key: path/AWSLogs/suffix/organization/account/...",
)
A_OBJECT_FAILED = Code(
    "A009",
    "an object could not be read",
    "It is tried again later, at growing distances; `alertmill status` lists it. A new upload is read at once.",
)
A_OBJECT_DEAD = Code(
    "A010",
    "objects were given up after ten attempts",
    "`alertmill status` lists them with their reasons, `alertmill retry` tries them again.",
)
A_NOT_REMOVED = Code(
    "A012",
    "an object that was read could not be deleted",
    "Grant s3:DeleteObject or set <remove_from_bucket> to no; the deletion is tried again in the next runs.",
)
A_DEFINITION = Code(
    "A013",
    "a bucket definition cannot be used",
    "Correct the option that the message names.",
)
A_DIGEST_ABSENT = Code(
    "A014",
    "no digest file speaks of a time",
    "Enable log file validation for the trail (`aws cloudtrail update-trail --enable-log-file-validation --name ...`); "
    "what was delivered without it cannot be proved. If it was enabled, the digest files were deleted.",
)
A_DIGEST = Code(
    "A015",
    "a digest file is not as CloudTrail signed it, or cannot be verified",
    "For want of a public key: allow cloudtrail:ListPublicKeys, or give the keys with --public-keys. Otherwise "
    "somebody changed or moved it: look for who wrote to CloudTrail-Digest/ in the bucket.",
)
A_DIGEST_CHAIN = Code(
    "A016",
    "the chain of digest files is broken",
    "A digest file was deleted, exchanged or put there by somebody else: look for who wrote to CloudTrail-Digest/ in "
    "the bucket, and restore an older version if the bucket keeps versions.",
)
A_LOG_MISSING = Code(
    "A017",
    "a log file that CloudTrail delivered is gone from the bucket",
    "Look for who deleted it, and restore it if the bucket keeps versions; then it is read by itself.",
)
A_LOG_ALTERED = Code(
    "A018",
    "a log file is not what CloudTrail delivered",
    "Look for who wrote it, and restore the first version if the bucket keeps versions.",
)
A_LOG_UNPROCESSED = Code(
    "A019",
    "a log file that CloudTrail delivered was not processed",
    "`alertmill audit --repair` queues it; for a failed one see its reason.",
)
A_QUEUE = Code(
    "A020",
    "an SQS queue cannot be found",
    "Compare <sqs_name> with the queue's name; it is looked for in the account and region of the subscriber's "
    "credentials, which need sqs:GetQueueUrl.",
)
A_MESSAGE_FORMAT = Code(
    "A021",
    "a message of a queue is of a form that is not known",
    "It stays in the queue until its retention or redrive policy removes it. Check who writes to the queue: S3, "
    "EventBridge and SNS should.",
)
A_MESSAGE_FAILED = Code(
    "A022",
    "the object of a message could not be read, again and again",
    "The message stays in the queue; the queue's redrive policy decides. `alertmill status` names the object; once it "
    "can be read, move the message back from the dead-letter queue or run `alertmill retry`.",
)
A_MESSAGE_KEPT = Code(
    "A023",
    "a message that was worked off could not be deleted, or not be kept from others while it was worked on",
    "Allow sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue. Until then messages come again; what was "
    "read is not read again.",
)
A_NO_LOG_GROUP = Code(
    "A030",
    "a log group does not exist",
    "Compare <aws_log_groups> and <regions> with `aws logs describe-log-groups`; names are case-sensitive.",
)
A_STREAM_NOT_REMOVED = Code(
    "A031",
    "a log stream that was read could not be deleted",
    "Grant logs:DeleteLogStream or set <remove_log_streams> to no; the deletion is tried again in the next runs.",
)
A_NO_SERVICE_THERE = Code(
    "A032",
    "a service does not exist in a region, as far as the SDK knows",
    "Take the region out of <regions>; if it is a new one, an update of boto3 knows its endpoint.",
)
A_POSITION = Code(
    "A033",
    "how far a log stream was read cannot be told",
    "The stored position is of no known form, so the stream is read from <only_logs_after> on; events may come twice.",
)
A_OWN_RULES = Code(
    "A035",
    "Alertmill's rules about itself are not all loaded",
    "Give the rule of your own an id outside 80950 to 80999, and load the decoder json and a rule of the category "
    "syslog; or leave them all out with <rule_exclude>alertmill_self_monitoring_rules.xml</rule_exclude>.",
)
A_REQUEST = Code(
    "A036",
    "a request to the daemon cannot be carried out",
    "The file beside it that ends in .bad holds the request; correct it and rename it to .json, or delete it.",
)

A_IMPORT = Code(
    "A040",
    "what Wazuh's AWS module remembers could not be taken over",
    "To try again, stop the daemon, move var/checkpoints.db away, make the file in wodles/aws/ readable and start.",
)

# --- T: tests of rules (docs/testing-rules.md) ------------------------------------------------------------------------
T_SYNTAX = Code(
    "T001",
    "a file of cases is neither YAML nor .ini",
    "Mend the marked place; nothing of a file with such an error is run.",
)
T_KEY = Code(
    "T002",
    "a case lacks something, or has what cases do not have",
    "Write the keys that the message names; docs/testing-rules.md lists them all.",
)
T_VALUE = Code(
    "T003",
    "a value of a case cannot be used",
    "Write the value as the hint shows it.",
)
T_TOO_LARGE = Code(
    "T004",
    "a file of cases, or a value in it, is too large",
    "Split the file, repeat fewer events, or use fewer aliases of aliases.",
)


def catalogue() -> dict[str, Code]:
    """Every code by its id, in the order of this file. Raises ValueError when an id is used twice."""
    found: dict[str, Code] = {}
    for value in globals().values():
        if isinstance(value, Code):
            if value.id in found:
                raise ValueError(f"code {value.id} is defined twice")
            found[value.id] = value
    return found
