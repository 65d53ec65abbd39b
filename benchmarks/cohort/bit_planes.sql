-- What an expert writes by hand for fourteen criteria of the study over this hospital: three words of bits a person, one join.
--
-- He knows the criteria and the data: days are exact, toxicities are recorded by their own names, a person has at most two observation
-- periods, which do not overlap, and the laboratory prints each child's own range. Assessment on 2025-06-25, planned infusion on 2025-06-30.
-- His tables of codes are made by peers.py: exposure_class, condition_class, statement_class, code_class, test_class.
--
-- exposed, a bit each: 0 myelosuppressive 21 days, 1 nitrosourea 42, 2 investigational 28, 3 other anticancer 28, 4 long-acting growth
--   factor 14, 5 short-acting 3, 6 palliative field 14, 7 marrow irradiation 42, 8 other field 14, 9 other field 42, 10 transplant
--   without TBI 56, 11 GvHD treatment 1; ever: 12 investigational, 13 other anticancer, 14 allogeneic, 15 with TBI, 16 surgery,
--   17 chemotherapy, 18 radiotherapy, 19 transplant. Bit i: surely; bit i + 20: possibly; so a mask times 1048577 (2^20 + 1) asks for either.
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
    SELECT person_id, ((measurement_date - DATE '2025-06-18') << 44) | (measurement_id << 4) | recorded AS moment,
           CASE WHEN value_as_number BETWEEN plausible_low AND plausible_high OR (value_as_number < plausible_low AND sign IN (4171755, 4172704))
                     OR (value_as_number > plausible_high AND sign IN (4171756, 4171754)) THEN value_as_number END AS number,
           sign, c.*,
           CASE WHEN turn = 1 THEN 1 WHEN range_high > 0 AND range_high BETWEEN plausible_low AND plausible_high THEN range_high END AS one
    FROM (
        SELECT *, coalesce(operator_concept_id, 0) AS sign FROM measurement
        WHERE measurement_date BETWEEN DATE '2025-06-18' AND DATE '2025-06-25'
    ) JOIN test_class c ON measurement_concept_id = c.concept_id AND unit_concept_id = c.unit_id
), compared AS (
    -- How far a result lies on the good side of each limit: of a count above it, of a multiple of the upper limit below it. The
    -- laboratory prints no more than three digits after the point, so that a millionth more or less is equal.
    SELECT person_id, what, moment, turn * (number - bound_1 * one) + 1e-6 AS spare_1, turn * (number - bound_2 * one) + 1e-6 AS spare_2,
           CASE WHEN sign IN (4171756, 4171754) THEN -turn WHEN sign IN (4171755, 4172704) THEN turn ELSE 0 END AS beyond,
           CASE WHEN sign IN (4171756, 4172704) THEN 2e-6 ELSE 0 END AS strict
    FROM tested
), measured AS (
    SELECT person_id, what,
           moment | CASE WHEN beyond >= 0 AND spare_1 > 0 THEN 1 WHEN beyond = 0 AND spare_1 <= 0 OR beyond < 0 AND spare_1 <= strict THEN 2 ELSE 0 END
           | CASE WHEN beyond >= 0 AND spare_2 > 0 THEN 4 WHEN beyond = 0 AND spare_2 <= 0 OR beyond < 0 AND spare_2 <= strict THEN 8 ELSE 0 END AS latest
    FROM compared
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
    SELECT p.person_id, make_date(year_of_birth, month_of_birth, day_of_birth) AS birth, coalesce(exposed, 0) AS e, coalesce(stated, 0) AS s,
           coalesce(days, 0) AS days
    FROM person p LEFT JOIN gathered g ON p.person_id = g.person_id
), aged AS (
    -- From here on each truth is two columns, so that nothing is null: true, and false (_not).
    SELECT person_id, e, s, birth, days & 32767 <> 0 AND DATE '1999-12-31' + (days & 32767)::INTEGER <= birth AS from_birth,
           CASE WHEN days & 32767 = 0 THEN 1000000 ELSE days & 32767 END AS since,
           CASE WHEN (days >> 15) & 32767 <> 0 THEN DATE '1999-12-31' + ((days >> 15) & 32767)::INTEGER END AS consent,
           CASE WHEN (days >> 30) & 32767 <> 0 THEN DATE '1999-12-31' + ((days >> 30) & 32767)::INTEGER END AS performance
    FROM persons
), asked AS (
    SELECT person_id, e, s, from_birth, birth > DATE '2024-06-25' AS under_1, birth > DATE '2023-06-25' AS under_2,
           from_birth OR since <= DATE '2025-05-05' - DATE '1999-12-31' AS covered_56, from_birth OR since <= DATE '2025-05-19' - DATE '1999-12-31' AS covered_42, from_birth OR since <= DATE '2025-06-02' - DATE '1999-12-31' AS covered_28,
           from_birth OR since <= DATE '2025-06-16' - DATE '1999-12-31' AS covered_14, from_birth OR since <= DATE '2025-06-25' - DATE '1999-12-31' AS covered,
           CASE WHEN consent IS NULL THEN birth > DATE '2006-06-25' ELSE consent >= birth AND consent < birth + INTERVAL 19 YEAR END AS i02,
           CASE WHEN consent IS NULL THEN FALSE ELSE consent >= birth + INTERVAL 19 YEAR END AS i02_not,
           CASE WHEN consent IS NULL THEN birth > DATE '2024-06-25' ELSE consent >= birth AND consent < birth + INTERVAL 1 YEAR END AS infant,
           CASE WHEN consent IS NULL THEN FALSE ELSE consent >= birth + INTERVAL 1 YEAR END AS infant_not,
           CASE WHEN performance IS NULL THEN FALSE ELSE performance >= birth + INTERVAL 16 YEAR END AS sixteen,
           CASE WHEN performance IS NULL THEN birth > DATE '2009-06-25' ELSE performance >= birth AND performance < birth + INTERVAL 16 YEAR END AS under_16,
           s & (1::BIGINT << 24) <> 0 AS marrow, s & (1::BIGINT << 24) = 0 AND s & (6::BIGINT << 24) <> 0 AS marrow_not,
           s & (1::BIGINT << 27) <> 0 AS liver, s & (1::BIGINT << 27) = 0 AND s & (6::BIGINT << 27) <> 0 AS liver_not,
           (s >> 11) & 63 AS scores, (s >> 30) & 15 AS neutrophils, (s >> 34) & 15 AS platelets, (s >> 38) & 127 AS liver_and_kidney,
           (s >> 45) & 15 AS alt, (s >> 49) & 15 AS ast
    FROM aged
), judged AS (
    SELECT *,
           (sixteen AND scores & 1 <> 0) OR (under_16 AND scores & 8 <> 0) OR scores & 9 = 9 AS i03,
           (sixteen AND scores & 2 <> 0) OR (under_16 AND scores & 16 <> 0) OR scores & 18 = 18 AS i03_not,
           under_1 OR (under_16 AND scores & 36 = 4) OR (sixteen AND scores & 36 = 32) AS i03_review,
           s & 48 <> 0 AND s & 48 <> 48 AND s & 192 = 192 AND s & 768 <> 0 AND s & 768 <> 768 AND s & 1 <> 0
               AND e & (15 << 16) <> 0 AS i04,
           s & 48 = 48 OR s & 192 = 64 OR s & 768 = 768 OR s & 2 <> 0 OR (e & (983040 * 1048577::BIGINT) = 0 AND from_birth) AS i04_not,
           s & 48 = 32 OR s & 768 = 512 OR s & 1024 = 0 AS i04_review,
           e & (3 * 1048577::BIGINT) = 0 AND covered_42 AS i07,
           e & (12 * 1048577::BIGINT) = 0 AND covered_28 AND (s & 4 <> 0 OR (e & (12288 * 1048577::BIGINT) = 0 AND from_birth)) AS i08,
           e & 12 <> 0 OR (e & (3 << 12) <> 0 AND s & 8 <> 0) AS i08_not,
           e & (48 * 1048577::BIGINT) = 0 AND covered_14 AS i09,
           e & (448 * 1048577::BIGINT) = 0 AND covered_42 AS i10, e & (512 * 1048577::BIGINT) = 0 AND covered_42 AS field_42,
           e & (1 << 14) <> 0 AS allogeneic, e & (16384 * 1048577::BIGINT) = 0 AND from_birth AS allogeneic_not,
           s & (7::BIGINT << 21) <> 0 AND s & (1::BIGINT << 21) = 0 AND e & (2048 * 1048577::BIGINT) = 0 AND covered AS gvhd_over,
           s & (1::BIGINT << 21) <> 0 OR e & 2048 <> 0 AS gvhd_goes_on, e & (1024 * 1048577::BIGINT) = 0 AND covered_56 AS transplant_gap,
           e & (1 << 15) <> 0 AS irradiated, e & (32768 * 1048577::BIGINT) = 0 AND from_birth AS irradiated_not,
           (marrow AND neutrophils & 4 <> 0) OR (marrow_not AND neutrophils & 1 <> 0) OR neutrophils & 5 = 5 AS i12a,
           (marrow AND neutrophils & 8 <> 0) OR (marrow_not AND neutrophils & 2 <> 0) OR neutrophils & 10 = 10 AS i12a_not,
           (marrow AND platelets & 4 <> 0) OR (marrow_not AND platelets & 1 <> 0) OR platelets & 5 = 5 AS i12b,
           (marrow AND platelets & 8 <> 0) OR (marrow_not AND platelets & 2 <> 0) OR platelets & 10 = 10 AS i12b_not,
           ((liver AND alt & 4 <> 0) OR (liver_not AND alt & 1 <> 0) OR alt & 5 = 5)
               AND ((liver AND ast & 4 <> 0) OR (liver_not AND ast & 1 <> 0) OR ast & 5 = 5) AS i12d,
           (liver AND alt & 8 <> 0) OR (liver_not AND alt & 2 <> 0) OR alt & 10 = 10
               OR (liver AND ast & 8 <> 0) OR (liver_not AND ast & 2 <> 0) OR ast & 10 = 10 AS i12d_not
    FROM asked
), ruled AS (
    SELECT *, transplant_gap AND (allogeneic_not OR gvhd_over) AS i11, e & 1024 <> 0 OR (allogeneic AND gvhd_goes_on) AS i11_not FROM judged
)
-- 0 met, 1 not met, 2 unknown, 3 for a person to decide.
SELECT person_id,
       CASE WHEN under_2 AND infant THEN 3 WHEN under_2 AND NOT infant_not THEN 2 WHEN i02 THEN 0 WHEN i02_not THEN 1 ELSE 2 END::UTINYINT AS I02,
       CASE WHEN i03_review THEN 3 WHEN NOT (sixteen OR under_16 OR scores & 36 IN (0, 36)) THEN 2 WHEN i03 THEN 0 WHEN i03_not THEN 1 ELSE 2 END::UTINYINT AS I03,
       CASE WHEN i04 THEN CASE WHEN i04_review THEN 3 ELSE 0 END WHEN i04_not THEN 1 ELSE 2 END::UTINYINT AS I04,
       CASE (s >> 17) & 3 WHEN 1 THEN 0 WHEN 2 THEN 1 ELSE 2 END::UTINYINT AS I05,
       CASE WHEN s & (1 << 20) = 0 AND covered THEN 0 ELSE 2 END::UTINYINT AS I06,
       CASE WHEN i07 THEN 0 WHEN e & 3 <> 0 THEN 1 ELSE 2 END::UTINYINT AS I07,
       CASE WHEN i08 THEN 0 WHEN i08_not THEN 1 ELSE 2 END::UTINYINT AS I08,
       CASE WHEN i09 THEN 0 WHEN e & 48 <> 0 THEN 1 ELSE 2 END::UTINYINT AS I09,
       CASE WHEN i10 THEN CASE WHEN field_42 THEN 0 WHEN e & 512 <> 0 THEN 3 ELSE 2 END WHEN e & 448 <> 0 THEN 1 ELSE 2 END::UTINYINT AS I10,
       CASE WHEN i11 THEN CASE WHEN irradiated THEN 3 WHEN irradiated_not THEN 0 ELSE 2 END WHEN i11_not THEN 1 ELSE 2 END::UTINYINT AS I11,
       CASE WHEN s & (7::BIGINT << 24) = 0 AND neutrophils & 3 = 2 AND neutrophils & 12 = 4 THEN 3
            WHEN s & (7::BIGINT << 24) = 0 AND neutrophils & 3 <> 1 AND neutrophils & 12 <> 8 THEN 2 WHEN i12a THEN 0 WHEN i12a_not THEN 1 ELSE 2 END::UTINYINT AS I12a,
       CASE WHEN s & (7::BIGINT << 24) = 0 AND platelets & 3 = 2 AND platelets & 12 = 4 THEN 3
            WHEN s & (7::BIGINT << 24) = 0 AND platelets & 3 <> 1 AND platelets & 12 <> 8 THEN 2 WHEN i12b THEN 0 WHEN i12b_not THEN 1 ELSE 2 END::UTINYINT AS I12b,
       CASE WHEN liver_and_kidney & 5 = 5 THEN 0
            WHEN liver_and_kidney & 86 = 86 THEN 3
            WHEN liver_and_kidney & 10 <> 0 AND (liver_and_kidney & 41 <> 0 OR liver_and_kidney & 64 = 0) THEN 1 ELSE 2 END::UTINYINT AS I12c,
       CASE WHEN i12d THEN 0 WHEN i12d_not THEN 1 ELSE 2 END::UTINYINT AS I12d
FROM ruled
