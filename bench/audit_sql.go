//go:build bench

package main

// searchFill fills a register. i counts certificates from 1, a applications, o
// organisations, p people (two of each organisation), j entries of the journal.
// pick scatters: the same number for the same arguments in every run.
var searchFill = []string{
	`CREATE FUNCTION pg_temp.pick(i bigint, salt bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT (hashint8extended(i, salt) & 9223372036854775807) % n$$`,
	`CREATE FUNCTION pg_temp.one(words text[], i bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT words[1 + pg_temp.pick(i, salt, cardinality(words))]$$`,
	// Small numbers more often.
	`CREATE FUNCTION pg_temp.skew(i bigint, salt bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT least(pg_temp.pick(i, salt, n), pg_temp.pick(i, salt + 1000, n))$$`,
	`CREATE FUNCTION pg_temp.of(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT 1 + pg_temp.pick(a, 1, {organisations})$$`,
	`CREATE FUNCTION pg_temp.remote(a bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT pg_temp.pick(a, 2, 10) < 3$$`,
	`CREATE FUNCTION pg_temp.storage(a bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE WHEN pg_temp.remote(a) OR pg_temp.pick(a, 3, 2) = 0 THEN 'ECLOUD' ELSE 'RUTOKEN' END$$`,
	`CREATE FUNCTION pg_temp.office(a bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE WHEN pg_temp.remote(a) THEN '' ELSE (ARRAY['BISHKEK','BISHKEK','BISHKEK','OSH','JALAL_ABAD'])[1 + pg_temp.pick(a, 4, 5)] END$$`,
	`CREATE FUNCTION pg_temp.clerk(a bigint, salt bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT ({clerks})[1 + pg_temp.pick(a, salt, cardinality({clerks}))]$$`,
	`CREATE FUNCTION pg_temp.serial(i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT '4' || substr(md5('serial' || i), 2)$$`,
	`CREATE FUNCTION pg_temp.inn(o bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT '0050320' || lpad(o::text, 7, '0')$$`,
	`CREATE FUNCTION pg_temp.name(o bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT ({firstwords})[1 + pg_temp.skew(o, 5, cardinality({firstwords}))] || ' ' || ({otherwords})[1 + pg_temp.skew(o, 6, cardinality({otherwords}))]
		|| CASE WHEN pg_temp.pick(o, 7, 10) = 0 THEN ' Жетим' || o ELSE '' END$$`,
	`CREATE FUNCTION pg_temp.surname(p bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE WHEN pg_temp.pick(p, 8, 50) = 0 THEN 'Сейрек' || p ELSE pg_temp.one({surnames}, p, 9) END$$`,
	`CREATE FUNCTION pg_temp.given(p bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT pg_temp.one({given}, p, 10)$$`,
	`CREATE FUNCTION pg_temp.patronymic(p bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT pg_temp.one({patronymics}, p, 11)$$`,
	`CREATE FUNCTION pg_temp.issued(i bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$SELECT {start} + make_interval(secs => ({span}::float8 * ((i + 1) / 2) / {applications}))$$`,

	`CREATE TEMP TABLE cases AS
		SELECT row_number() OVER (ORDER BY reported_at, i) AS id, i, reported_at, outcome, CASE WHEN outcome = 'received' THEN NULL ELSE reported_at + make_interval(mins => (60 + pg_temp.pick(i, 12, 1200))::int) END AS concluded_at,
			CASE WHEN outcome = 'lifted' OR outcome <> 'rejected' AND r % 5 < 3 THEN reported_at + interval '5 minutes' END AS suspended_at,
			({causes})[1 + cause] AS cause, ({codes})[1 + cause] AS code, ({ways})[1 + pg_temp.skew(i, 13, cardinality({ways}))] AS way, pg_temp.clerk(i, 14) AS clerk
		FROM (SELECT i, r, reported_at, pg_temp.skew(i, 15, cardinality({causes})) AS cause,
				CASE WHEN reported_at > {now} - interval '1 day' THEN 'received' WHEN r < 42 THEN 'revoked' WHEN r < 52 THEN 'lifted' ELSE 'rejected' END AS outcome
			FROM (SELECT i, r, issued + make_interval(mins => (1440 + pg_temp.pick(i, 16, 475000))::int) AS reported_at
				FROM (SELECT i, pg_temp.pick(i, 17, 1000) AS r, pg_temp.issued(i) AS issued FROM generate_series(1::bigint, {certificates}) i OFFSET 0) x WHERE r < 60 OFFSET 0) y
			WHERE reported_at < {now} OFFSET 0) z`,
	`CREATE TEMP TABLE changes AS
		SELECT row_number() OVER (ORDER BY at, i) AS id, * FROM (
			SELECT i, 'suspended' AS status, 6 AS reason, suspended_at AS at FROM cases WHERE suspended_at IS NOT NULL
			UNION ALL SELECT i, 'revoked', code, concluded_at FROM cases WHERE outcome = 'revoked'
			UNION ALL SELECT i, 'issued', 0, concluded_at FROM cases WHERE outcome = 'lifted') x`,
	`ANALYZE cases`, `ANALYZE changes`,

	`INSERT INTO organisations (id, inn, kind, name_ru, name_ky, requisites, created_at, updated_at)
		SELECT o, inn, 'LEGAL_ENTITY', name AS name_ru, name AS name_ky, replace(replace({organisation}, '@inn@', inn), '@name@', name), {start}, {start}
		FROM (SELECT o, pg_temp.inn(o) AS inn, pg_temp.name(o) AS name FROM generate_series(1::bigint, {organisations}) o OFFSET 0) x`,
	`INSERT INTO applications (id, number, link_hash, status, is_open, operation, channel, storage, office, organisation_id, inn, title_ru, title_ky, declaration, input, language,
			created_by, created_at, updated_at, submitted_at, verified_at, decided_at, completed_at, queue_at)
		SELECT a, 'A-' || a, md5('a' || a) || md5('b' || a), 'completed', FALSE, CASE WHEN remote THEN 'RENEWAL' ELSE 'FIRST_ISSUE' END, CASE WHEN remote THEN 'REMOTE' ELSE 'OFFICE' END,
			pg_temp.storage(a), pg_temp.office(a), o, inn, 'ОсОО ' || name, 'ЖЧК ' || name, replace(replace({declaration}, '@inn@', inn), '@name@', name), '{}', 'ky',
			CASE WHEN remote THEN NULL ELSE pg_temp.clerk(a, 18) END, at - interval '3 days', at, at - interval '3 days', at - interval '1 day', at - interval '1 hour', at, '9999-01-01'
		FROM (SELECT a, o, remote, at, pg_temp.inn(o) AS inn, pg_temp.name(o) AS name
			FROM (SELECT a, pg_temp.of(a) AS o, pg_temp.remote(a) AS remote, pg_temp.issued(2 * a) AS at FROM generate_series(1::bigint, {applications}) a OFFSET 0) y OFFSET 0) x`,
	`INSERT INTO application_hands (application_id, personal_number, operator_id, act, at)
		SELECT a, w.personal_number, w.id, 'verify', pg_temp.issued(2 * a) - interval '1 day' FROM generate_series(1::bigint, {applications}) a JOIN operators w ON w.id = pg_temp.clerk(a, 18)`,
	`INSERT INTO decisions (id, application_id, action, operator_id, envelope, signature, serial, created_at)
		SELECT a AS id, a AS application_id, 'approve', {approver}, '\x30', '\x30', '1', pg_temp.issued(2 * a) - interval '1 hour' FROM generate_series(1::bigint, {applications}) a`,
	`INSERT INTO signatories (id, application_id, role, personal_number, requisites)
		SELECT i, a, CASE i % 2 WHEN 1 THEN 'HEAD' ELSE 'ACCOUNTANT' END, '2' || lpad((2 * pg_temp.of(a) + i % 2)::text, 13, '0'), '{}'
		FROM (SELECT i, (i + 1) / 2 AS a FROM generate_series(1::bigint, {certificates}) i OFFSET 0) x`,
	`INSERT INTO enrolments (id, application_id, signatory_id, status, csr, serial, fee, created_at, updated_at)
		SELECT {first} + i, (i + 1) / 2, i, 'handed_over', decode(repeat(md5(i::text), 16), 'hex'), pg_temp.serial(i), 0, issued - interval '1 day', issued
		FROM (SELECT i, pg_temp.issued(i) AS issued FROM generate_series(1::bigint, {certificates}) i OFFSET 0) x`,
	`INSERT INTO certificates (id, serial, profile, enrolment_id, organisation_id, personal_number, holder_name, role, storage, not_before, not_after, der, sha256, public_key_hash,
			status, status_reason, status_at, ca_told, issued_at)
		SELECT {first} + x.i, pg_temp.serial(x.i), 'holder', {first} + x.i, o, '2' || lpad(p::text, 13, '0'), pg_temp.surname(p) || ' ' || pg_temp.given(p) || ' ' || pg_temp.patronymic(p),
			CASE x.i % 2 WHEN 1 THEN 'HEAD' ELSE 'ACCOUNTANT' END, pg_temp.storage(a), begins, begins + interval '365 days', decode(repeat(md5(x.i::text), 68), 'hex'),
			md5('s' || x.i) || md5('t' || x.i), md5('k' || x.i) || md5('l' || x.i), COALESCE(l.status, 'issued'), COALESCE(l.reason, 0), l.at, l.status IS NOT DISTINCT FROM 'revoked', issued
		FROM (SELECT i, a, o, 2 * o + i % 2 AS p, issued, date_trunc('second', issued) + make_interval(days => CASE WHEN pg_temp.remote(a) THEN pg_temp.pick(a, 19, 20)::int ELSE 0 END) AS begins
			FROM (SELECT i, (i + 1) / 2 AS a, pg_temp.of((i + 1) / 2) AS o, pg_temp.issued(i) AS issued FROM generate_series(1::bigint, {certificates}) i OFFSET 0) y OFFSET 0) x
		LEFT JOIN (SELECT DISTINCT ON (i) i, status, reason, at FROM changes ORDER BY i, id DESC) l ON l.i = x.i`,
	`INSERT INTO search_terms (kind, term, ref_id)
		SELECT DISTINCT 'organisation', fold, o FROM (SELECT o, unnest(string_to_array(translate(lower(pg_temp.name(o)), 'өүңё', 'оуне'), ' ') || ARRAY['осоо', pg_temp.inn(o)]) AS fold
			FROM generate_series(1::bigint, {organisations}) o) x`,

	`INSERT INTO revocation_reports (id, number, certificate_id, status, way, cause, rfc5280, reporter, identified, reported_at, due_at, created_at, created_by, suspended_at, suspended_by, concluded_at)
		SELECT id, 'R-' || id, {first} + i, outcome, way, cause, code, 'Ээси', '["passport"]', reported_at, reported_at + interval '1 day', reported_at, clerk, suspended_at,
			CASE WHEN suspended_at IS NOT NULL THEN clerk END, concluded_at FROM cases ORDER BY id`,
	`INSERT INTO revocation_decisions (id, report_id, action, operator_id, envelope, signature, serial, created_at)
		SELECT id AS decision, id AS report, CASE outcome WHEN 'revoked' THEN 'revoke' WHEN 'lifted' THEN 'lift' ELSE 'reject' END, {approver}, '\x30', '\x30', '1', concluded_at FROM cases WHERE outcome <> 'received' ORDER BY id`,
	`INSERT INTO status_changes (id, serial, status, reason, at, ocsp_at, ocsp_answer, crl_number, public_at)
		SELECT id, pg_temp.serial(i), status, reason, at, at + interval '2 seconds', '\x30', 1, at + interval '2 seconds' FROM changes ORDER BY id`,
	`UPDATE status_changes s SET held_until = n.at, held_long = n.at - s.at > interval '2 days' FROM changes b JOIN changes n ON n.i = b.i AND n.id > b.id WHERE b.status = 'suspended' AND s.id = b.id`,
	`INSERT INTO crls (number, source, this_update, next_update, made_at, entries, size, sha256) VALUES (1, 'own', {start}, {now}, {start}, 0, 1, repeat('0', 64))`,

	// Marks: what issueMarks and laterMarks of package store say, of all at once.
	`INSERT INTO certificate_marks (mark, issued_at, certificate_id)
		SELECT m, c.issued_at, c.id FROM certificates c JOIN enrolments e ON e.id = c.enrolment_id JOIN applications a ON a.id = e.application_id,
			unnest(ARRAY['storage:' || c.storage, 'office:' || a.office, 'channel:' || a.channel, 'by:{approver}']
				|| ARRAY(SELECT 'name:' || w FROM unnest(string_to_array(translate(replace(lower(c.holder_name), 'дж', 'ж'), 'өүңё', 'оуне'), ' ')) w)) m
		WHERE c.id > {first}`,
	`INSERT INTO certificate_marks (mark, issued_at, certificate_id)
		SELECT 'by:' || h.operator_id, c.issued_at, c.id FROM certificates c JOIN enrolments e ON e.id = c.enrolment_id JOIN application_hands h ON h.application_id = e.application_id WHERE c.id > {first}
		UNION SELECT 'by:' || l.clerk, c.issued_at, c.id FROM cases l JOIN certificates c ON c.id = {first} + l.i`,
	`INSERT INTO certificate_marks (mark, issued_at, certificate_id)
		SELECT 'way:' || l.way, c.issued_at, c.id FROM cases l JOIN certificates c ON c.id = {first} + l.i
		UNION ALL SELECT 'cause:' || l.cause, c.issued_at, c.id FROM cases l JOIN certificates c ON c.id = {first} + l.i
		UNION ALL (SELECT 'rfc:' || l.code, c.issued_at, c.id FROM cases l JOIN certificates c ON c.id = {first} + l.i
			UNION SELECT 'rfc:' || s.reason, c.issued_at, c.id FROM changes s JOIN certificates c ON c.id = {first} + s.i WHERE s.status <> 'issued')
		UNION ALL (SELECT DISTINCT 'was:revoked', c.issued_at, c.id FROM changes s JOIN certificates c ON c.id = {first} + s.i WHERE s.status = 'revoked')`,

	`INSERT INTO journal_entries (id, at, kind, actor_kind, actor_id, details, commitments)
		SELECT {first} + j, {start} + make_interval(secs => {span}::float8 * j / {entries}), kind,
			CASE WHEN kind IN ('enrolment.issued', 'application.complete') THEN 'system' WHEN kind = 'enrolment.key_made' THEN 'client' ELSE 'operator' END,
			CASE WHEN kind IN ('enrolment.issued', 'application.complete', 'enrolment.key_made') THEN '' WHEN kind = 'application.approve' THEN '{approver}' WHEN kind = 'register.exported' THEN '{auditor}' ELSE pg_temp.clerk(a, 18)::text END,
			CASE kind WHEN 'application.submit' THEN '{"action":"submit","from":"draft","to":"submitted"}' WHEN 'document.accept' THEN '{"code":"passport_copy","from":"received","to":"accepted"}'
				WHEN 'application.verify' THEN '{"action":"verify","from":"in_review","to":"verified"}'
				WHEN 'application.approve' THEN '{"action":"approve","envelope_sha256":"' || md5('e' || a) || md5('f' || a) || '","from":"verified","to":"approved"}'
				WHEN 'enrolment.key_made' THEN '{"from":"awaiting_key","to":"key_made"}' WHEN 'enrolment.issued' THEN '{"from":"issuing","to":"issued"}'
				WHEN 'enrolment.handed_over' THEN '{"from":"issued","to":"handed_over"}' WHEN 'application.complete' THEN '{"action":"complete","from":"approved","to":"completed"}' ELSE '{}' END, '{}'
		FROM (SELECT j, 1 + (j - 1) * {applications} / {entries} AS a,
				CASE WHEN pg_temp.pick(j, 20, 5000) = 0 THEN 'register.exported' WHEN pg_temp.pick(j, 21, 40) = 0 THEN 'login.operator'
					ELSE (ARRAY['application.drafted','application.submit','document.accept','application.verify','application.approve','enrolment.key_made','enrolment.issued','enrolment.issued','enrolment.handed_over','application.complete'])[1 + (j - 1) % 10] END AS kind
			FROM generate_series(1::bigint, {entries}) j OFFSET 0) x`,
	`INSERT INTO journal_subjects (entry_id, position, kind, subject_id)
		SELECT id, v.position, v.kind, v.subject FROM (SELECT id, kind, actor_id, a, 2 * a - 1 + id % 2 AS i FROM (SELECT id, kind, actor_id, 1 + (id - {first} - 1) * {applications} / {entries} AS a FROM journal_entries WHERE id > {first} OFFSET 0) y OFFSET 0) e,
			LATERAL (VALUES
				(0, CASE WHEN e.kind LIKE 'application.%' THEN 'application' WHEN e.kind LIKE 'enrolment.%' THEN 'enrolment' WHEN e.kind = 'document.accept' THEN 'document' WHEN e.kind = 'login.operator' THEN 'operator' END,
					CASE WHEN e.kind LIKE 'enrolment.%' THEN ({first} + e.i)::text WHEN e.kind = 'login.operator' THEN e.actor_id ELSE e.a::text END),
				(1, CASE WHEN e.kind LIKE 'application.%' THEN 'organisation' WHEN e.kind = 'enrolment.issued' THEN 'certificate' WHEN e.kind LIKE 'enrolment.%' OR e.kind = 'document.accept' THEN 'application' END,
					CASE WHEN e.kind LIKE 'application.%' THEN pg_temp.of(e.a)::text WHEN e.kind = 'enrolment.issued' THEN pg_temp.serial(e.i) ELSE e.a::text END)
			) v (position, kind, subject) WHERE v.kind IS NOT NULL`,
	`INSERT INTO journal_checkpoints (size, root, at, note) VALUES ({entries}, decode(repeat('30', 32), 'hex'), {now}, 'bench')`,
	`INSERT INTO audit_searches (operator_id, name, query, created_at) SELECT {auditor}, 'Издөө ' || i, 'person=' || i, {now} FROM generate_series(1, 10) i`,
	`DROP TABLE cases`, `DROP TABLE changes`,
}
