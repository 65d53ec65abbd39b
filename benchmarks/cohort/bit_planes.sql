-- What an expert writes by hand for fourteen criteria of the study over this hospital: three words of bits a person, one join.
--
-- He knows the criteria and the data: days are exact, toxicities are recorded by their own names, a person has at most two observation
-- periods, which do not overlap, and the laboratory prints each child's own range. Assessment on 2025-06-25, planned infusion on 2025-06-30.
-- His tables of codes are made by peers.py: exposure_class, condition_class, statement_class, code_class, test_class.
--
-- exposed, a bit each: 0 myelosuppressive 21 days, 1 nitrosourea 42, 2 investigational 28, 3 other anticancer 28, 4 long-acting growth
--   factor 14, 5 short-acting 3, 6 palliative field 14, 7 marrow irradiation 42, 8 other field 14, 9 other field 42, 10 transplant
--   without TBI 56, 11 GvHD treatment 1; ever: 12 investigational, 13 other anticancer, 14 allogeneic, 15 with TBI, 16 surgery,
--   17 chemotherapy, 18 radiotherapy, 19 transplant. Bit i: surely; bit i + 20: possibly.
-- stated, from bit: 0 confirmed (1 yes, 2 no), 2 recovered, 4 histology (1 sarcoma, 2 for review, 3 other), 6 site (1 bone, 3 other),
--   8 status (1 relapsed or so, 2 for review, 3 other), 10 report, 11 Karnofsky (1 enough, 2 too low, +4 recorded), 14 Lansky,
--   17 life expectancy (as Karnofsky), 20 a toxicity left, 21 GvHD (1 yes, 2 no), 23 GvHD ended, 24 marrow, 26 ended, 27 liver, 29 ended;
--   results (1 and 4 met, 2 and 8 not met): 30 neutrophils, 34 platelets, 38 bilirubin, 40 creatinine, 42 direct bilirubin (+4 recorded),
--   45 ALT, 49 AST.
-- days since 1999-12-31, from bit: 0 unbroken record, 15 consent, 30 performance status.
WITH given AS (
    SELECT person_id, drug_exposure_start_date AS began, drug_exposure_end_date IS NULL AS unended,
           greatest(drug_exposure_start_date, drug_exposure_end_date) AS over, c.*
    FROM drug_exposure JOIN exposure_class c ON drug_concept_id = c.concept_id
    WHERE drug_exposure_start_date <= DATE '2025-06-30'
    UNION ALL
    SELECT person_id, procedure_date, FALSE, procedure_date, c.*
    FROM procedure_occurrence JOIN exposure_class c ON procedure_concept_id = c.concept_id
    WHERE procedure_date <= DATE '2025-06-30'
), exposed AS (
    SELECT person_id,
           CASE WHEN over <= DATE '2025-05-05' THEN 0
                WHEN over <= DATE '2025-05-19' THEN within_56
                WHEN over <= DATE '2025-06-02' THEN within_42
                WHEN over <= DATE '2025-06-09' THEN within_28
                WHEN over <= DATE '2025-06-16' THEN within_21
                WHEN over <= DATE '2025-06-27' THEN within_14
                WHEN over <= DATE '2025-06-29' THEN within_3
                ELSE within_1 END
           | CASE WHEN unended THEN left_open ELSE 0 END
           | CASE WHEN began <= DATE '2025-06-25' THEN ever | ever_today ELSE ever END AS exposed
    FROM given
), said AS (
    SELECT person_id, what,
           (((observation_date - DATE '1999-12-31') * 8 + 6) << 40) | (observation_id << 4)
           | CASE kind
                 WHEN 'answer' THEN CASE value_as_concept_id WHEN 4188539 THEN 1 WHEN 4188540 THEN 2 ELSE 0 END
                 WHEN 'code' THEN coalesce(k.said, CASE WHEN regexp_full_match(value_as_string, pattern) THEN 3 ELSE 0 END)
                 WHEN 'at least' THEN 4 + CASE WHEN value_as_number >= bound THEN 1 WHEN value_as_number < bound THEN 2 ELSE 0 END
                 WHEN 'at most' THEN CASE WHEN value_as_number <= bound THEN 0 ELSE 1 END
                 ELSE 1 END AS latest
    FROM observation
    JOIN statement_class c ON observation_concept_id = c.concept_id AND observation_date BETWEEN c.opens AND c.closes
    LEFT JOIN code_class k ON observation_concept_id = k.concept_id AND value_as_string = k.code
    UNION ALL
    SELECT person_id, CASE WHEN has_ended THEN ended ELSE what END,
           (((condition_start_date - DATE '1999-12-31') * 8 + 1) << 40) | (condition_occurrence_id << 4)
           | CASE WHEN has_ended THEN counts_ended ELSE 1 END
    FROM (
        SELECT *, condition_end_date IS NOT NULL AND greatest(condition_start_date, condition_end_date) <= closes AS has_ended
        FROM condition_occurrence
        JOIN condition_class c ON condition_concept_id = c.concept_id AND condition_start_date BETWEEN c.opens AND c.closes
    )
), tested AS MATERIALIZED (  -- in full vectors from here on: few rows of each block lie within the week
    SELECT person_id, ((measurement_date - DATE '2025-06-18') << 44) | (measurement_id << 4) | recorded AS moment, value_as_number AS number,
           coalesce(operator_concept_id, 0) AS sign, range_high, c.*
    FROM measurement JOIN test_class c ON measurement_concept_id = c.concept_id AND unit_concept_id = c.unit_id
    WHERE measurement_date BETWEEN DATE '2025-06-18' AND DATE '2025-06-25'
), compared AS (
    -- How far a result lies on the good side of each limit: of a count above it, of a multiple of the upper limit below it. The
    -- laboratory prints no more than three digits after the point, so that a millionth more or less is equal.
    SELECT person_id, what, moment, turn * (number - bound_1 * one) + 1e-6 AS spare_1, turn * (number - bound_2 * one) + 1e-6 AS spare_2,
           CASE WHEN sign IN (4171756, 4171754) THEN -turn WHEN sign IN (4171755, 4172704) THEN turn ELSE 0 END AS beyond,
           CASE WHEN sign IN (4171756, 4172704) THEN 2e-6 ELSE 0 END AS strict
    FROM (
        SELECT *, CASE WHEN turn = 1 THEN 1 WHEN range_high > 0 AND range_high BETWEEN plausible_low AND plausible_high THEN range_high END AS one
        FROM tested
        WHERE (number >= plausible_low OR sign IN (4171756, 4171754)) AND (number <= plausible_high OR sign IN (4171755, 4172704))
    )
), measured AS (
    SELECT person_id, what,
           moment | CASE WHEN beyond >= 0 AND spare_1 > 0 THEN 1 WHEN beyond = 0 AND spare_1 <= 0 OR beyond < 0 AND spare_1 <= strict THEN 2 ELSE 0 END
           | CASE WHEN beyond >= 0 AND spare_2 > 0 THEN 4 WHEN beyond = 0 AND spare_2 <= 0 OR beyond < 0 AND spare_2 <= strict THEN 8 ELSE 0 END AS latest
    FROM compared
    UNION ALL
    SELECT person_id, what, moment FROM tested
), words AS (
    SELECT person_id, exposed, 0 AS stated, 0 AS days FROM exposed WHERE exposed <> 0
    UNION ALL
    SELECT person_id, 0, CASE WHEN what & 64 = 0 THEN (max(latest) & 15) << (what & 63) ELSE 0 END,
           CASE WHEN what & 64 = 0 THEN 0 ELSE (max(latest) >> 43) << (what & 63) END
    FROM said GROUP BY person_id, what
    UNION ALL
    SELECT person_id, 0, (max(latest) & 15) << what, 0 FROM measured GROUP BY person_id, what
    UNION ALL
    SELECT p.person_id, 0, 0, coalesce(q.observation_period_start_date, p.observation_period_start_date) - DATE '1999-12-31'
    FROM observation_period p
    LEFT JOIN (SELECT * FROM observation_period WHERE observation_period_end_date < DATE '2025-06-25') q
        ON q.person_id = p.person_id AND q.observation_period_end_date + 1 = p.observation_period_start_date
    WHERE p.observation_period_start_date <= DATE '2025-06-25' AND p.observation_period_end_date >= DATE '2025-06-25'
), gathered AS (
    SELECT person_id, bit_or(exposed) AS exposed, bit_or(stated) AS stated, bit_or(days) AS days FROM words GROUP BY person_id
), persons AS (
    SELECT p.person_id, make_date(year_of_birth, month_of_birth, day_of_birth) AS birth, coalesce(exposed, 0) AS exposed,
           coalesce(stated, 0) AS stated, DATE '1999-12-31' + nullif(days & 32767, 0)::INTEGER AS since,
           DATE '1999-12-31' + nullif((days >> 15) & 32767, 0)::INTEGER AS consent,
           DATE '1999-12-31' + nullif((days >> 30) & 32767, 0)::INTEGER AS performance
    FROM person p LEFT JOIN gathered g ON p.person_id = g.person_id
), asked AS (
    SELECT person_id, exposed, birth, since <= birth AS from_birth,
           CASE WHEN since <= birth THEN DATE '1900-01-01' ELSE since END AS since,
           CASE WHEN consent >= birth THEN consent < birth + INTERVAL 19 YEAR
                WHEN consent IS NULL AND DATE '2025-06-25' < birth + INTERVAL 19 YEAR THEN TRUE END AS young,
           CASE WHEN consent >= birth THEN consent < birth + INTERVAL 1 YEAR
                WHEN consent IS NULL AND DATE '2025-06-25' < birth + INTERVAL 1 YEAR THEN TRUE END AS consent_infant,
           CASE WHEN performance >= birth THEN performance >= birth + INTERVAL 16 YEAR
                WHEN performance IS NULL AND DATE '2025-06-25' < birth + INTERVAL 16 YEAR THEN FALSE END AS sixteen,
           CASE stated & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS confirmed,
           CASE (stated >> 2) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS recovered,
           (stated >> 4) & 3 AS histology, (stated >> 6) & 3 AS site, (stated >> 8) & 3 AS status, (stated >> 10) & 1 = 1 AS reported,
           CASE (stated >> 11) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS karnofsky, (stated >> 13) & 1 = 1 AS has_karnofsky,
           CASE (stated >> 14) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS lansky, (stated >> 16) & 1 = 1 AS has_lansky,
           (stated >> 17) & 3 AS life, (stated >> 20) & 1 = 1 AS toxic,
           CASE WHEN (stated >> 21) & 3 = 1 THEN TRUE WHEN (stated >> 21) & 7 <> 0 THEN FALSE END AS gvhd,
           CASE WHEN (stated >> 24) & 3 = 1 THEN TRUE WHEN (stated >> 24) & 7 <> 0 THEN FALSE END AS marrow,
           (stated >> 24) & 7 <> 0 AS marrow_recorded,
           CASE WHEN (stated >> 27) & 3 = 1 THEN TRUE WHEN (stated >> 27) & 7 <> 0 THEN FALSE END AS liver,
           CASE (stated >> 30) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS neutrophils,
           CASE (stated >> 32) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS neutrophils_half,
           CASE (stated >> 34) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS platelets,
           CASE (stated >> 36) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS platelets_20,
           CASE (stated >> 38) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS bilirubin,
           CASE (stated >> 40) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS creatinine,
           CASE (stated >> 42) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS direct, (stated >> 44) & 1 = 1 AS has_direct,
           CASE (stated >> 45) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS alt, CASE (stated >> 47) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS alt_5,
           CASE (stated >> 49) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS ast, CASE (stated >> 51) & 3 WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS ast_5
    FROM persons
), judged AS (
    SELECT *,
           CASE sixteen WHEN TRUE THEN karnofsky WHEN FALSE THEN lansky ELSE CASE WHEN karnofsky = lansky THEN lansky END END AS i03,
           CASE WHEN exposed & (15::BIGINT << 16) <> 0 THEN TRUE WHEN exposed & (15::BIGINT << 36) = 0 AND from_birth THEN FALSE END AS treated,
           CASE WHEN exposed & (3::BIGINT << 12) <> 0 THEN TRUE WHEN exposed & (3::BIGINT << 32) = 0 AND from_birth THEN FALSE END AS other_ever,
           CASE WHEN exposed & (1::BIGINT << 14) <> 0 THEN TRUE WHEN exposed & (1::BIGINT << 34) = 0 AND from_birth THEN FALSE END AS allogeneic,
           CASE WHEN exposed & (1::BIGINT << 15) <> 0 THEN TRUE WHEN exposed & (1::BIGINT << 35) = 0 AND from_birth THEN FALSE END AS irradiated,
           CASE WHEN exposed & 3 <> 0 THEN FALSE WHEN exposed & (3::BIGINT << 20) = 0 AND since <= DATE '2025-05-19' THEN TRUE END AS i07,
           CASE WHEN exposed & 12 <> 0 THEN FALSE WHEN exposed & (12::BIGINT << 20) = 0 AND since <= DATE '2025-06-02' THEN TRUE END AS other_gap,
           CASE WHEN exposed & 48 <> 0 THEN FALSE WHEN exposed & (48::BIGINT << 20) = 0 AND since <= DATE '2025-06-16' THEN TRUE END AS i09,
           CASE WHEN exposed & 448 <> 0 THEN FALSE WHEN exposed & (448::BIGINT << 20) = 0 AND since <= DATE '2025-05-19' THEN TRUE END AS i10,
           CASE WHEN exposed & 512 <> 0 THEN FALSE WHEN exposed & (512::BIGINT << 20) = 0 AND since <= DATE '2025-05-19' THEN TRUE END AS field_42,
           CASE WHEN exposed & 1024 <> 0 THEN FALSE WHEN exposed & (1024::BIGINT << 20) = 0 AND since <= DATE '2025-05-05' THEN TRUE END AS transplant_gap,
           CASE WHEN exposed & 2048 <> 0 THEN FALSE WHEN exposed & (2048::BIGINT << 20) = 0 AND since <= DATE '2025-06-25' THEN TRUE END AS untreated,
           (CASE WHEN histology IN (1, 2) THEN TRUE WHEN histology = 3 THEN FALSE END)
           AND (CASE WHEN site = 1 THEN FALSE WHEN site = 3 THEN TRUE END)
           AND (CASE WHEN status IN (1, 2) THEN TRUE WHEN status = 3 THEN FALSE END) AND confirmed AS diagnosed,
           CASE marrow WHEN TRUE THEN neutrophils_half WHEN FALSE THEN neutrophils
                ELSE CASE WHEN neutrophils_half = neutrophils THEN neutrophils END END AS i12a,
           CASE marrow WHEN TRUE THEN platelets_20 WHEN FALSE THEN platelets ELSE CASE WHEN platelets_20 = platelets THEN platelets END END AS i12b,
           CASE liver WHEN TRUE THEN alt_5 WHEN FALSE THEN alt ELSE CASE WHEN alt_5 = alt THEN alt END END
           AND CASE liver WHEN TRUE THEN ast_5 WHEN FALSE THEN ast ELSE CASE WHEN ast_5 = ast THEN ast END END AS i12d
    FROM asked
), ruled AS (
    SELECT *, diagnosed AND treated AS i04, other_gap AND (NOT other_ever OR recovered) AS i08,
           transplant_gap AND (NOT allogeneic OR (NOT gvhd AND untreated)) AS i11, bilirubin AND creatinine AS i12c
    FROM judged
), answered AS (
    SELECT person_id, young AS i02, birth + INTERVAL 2 YEAR > DATE '2025-06-25' AND consent_infant AS i02_review,
           i03, birth + INTERVAL 1 YEAR > DATE '2025-06-25' OR (NOT sixteen AND has_karnofsky AND NOT has_lansky)
                OR (sixteen AND has_lansky AND NOT has_karnofsky) AS i03_review,
           i04, i04 AND (histology = 2 OR status = 2 OR NOT reported) AS i04_review,
           CASE life WHEN 1 THEN TRUE WHEN 2 THEN FALSE END AS i05,
           CASE WHEN NOT toxic AND since <= DATE '2025-06-25' THEN TRUE END AS i06,
           i07, i08, i09, i10, i10 AND NOT field_42 AS i10_review, i11, i11 AND irradiated AS i11_review,
           i12a, NOT marrow_recorded AND NOT neutrophils AND neutrophils_half AS i12a_review,
           i12b, NOT marrow_recorded AND NOT platelets AND platelets_20 AS i12b_review,
           i12c, NOT bilirubin AND has_direct AND direct AND creatinine AS i12c_review, i12d
    FROM ruled
)
-- 0 met, 1 not met, 2 unknown, 3 for a person to decide.
SELECT person_id,
       CASE i02_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i02::TINYINT, 2) ELSE 2 END::UTINYINT AS I02,
       CASE i03_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i03::TINYINT, 2) ELSE 2 END::UTINYINT AS I03,
       CASE i04_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i04::TINYINT, 2) ELSE 2 END::UTINYINT AS I04,
       coalesce(1 - i05::TINYINT, 2)::UTINYINT AS I05,
       coalesce(1 - i06::TINYINT, 2)::UTINYINT AS I06,
       coalesce(1 - i07::TINYINT, 2)::UTINYINT AS I07,
       coalesce(1 - i08::TINYINT, 2)::UTINYINT AS I08,
       coalesce(1 - i09::TINYINT, 2)::UTINYINT AS I09,
       CASE i10_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i10::TINYINT, 2) ELSE 2 END::UTINYINT AS I10,
       CASE i11_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i11::TINYINT, 2) ELSE 2 END::UTINYINT AS I11,
       CASE i12a_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i12a::TINYINT, 2) ELSE 2 END::UTINYINT AS I12a,
       CASE i12b_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i12b::TINYINT, 2) ELSE 2 END::UTINYINT AS I12b,
       CASE i12c_review WHEN TRUE THEN 3 WHEN FALSE THEN coalesce(1 - i12c::TINYINT, 2) ELSE 2 END::UTINYINT AS I12c,
       coalesce(1 - i12d::TINYINT, 2)::UTINYINT AS I12d
FROM answered
