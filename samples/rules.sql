-- One rule beside the factory ones, entered as an administrator would: dave@inside.test gets no
-- pictures, everybody else does. Objects: 1001 mail address, 4007 remove attachments (0,0: matching
-- ones, no copy in the quarantine). Groups of a rule: 1 to, 3 what, 4 action. Direction 0: incoming.
WITH people AS (
	INSERT INTO objectgroup (name, info, class)
	VALUES ('Without pictures', 'people who do not want pictures', 'who') RETURNING id
), dave AS (
	INSERT INTO object (objecttype, objectgroup_id, value)
	SELECT 1001, id, 'dave@inside.test' FROM people
), action AS (
	INSERT INTO objectgroup (name, info, class)
	VALUES ('Take pictures out', 'remove matching attachments', 'action') RETURNING id
), removal AS (
	INSERT INTO object (objecttype, objectgroup_id, value)
	SELECT 4007, id, '0,0' FROM action
), rule AS (
	INSERT INTO rule (name, priority, active, direction)
	VALUES ('No pictures for Dave', 92, 1, 0) RETURNING id
)
INSERT INTO rulegroup (objectgroup_id, rule_id, grouptype)
SELECT people.id, rule.id, 1 FROM people, rule
UNION ALL
SELECT objectgroup.id, rule.id, 3 FROM objectgroup, rule
 WHERE objectgroup.name = 'Images' AND objectgroup.class = 'what'
UNION ALL
SELECT action.id, rule.id, 4 FROM action, rule;
