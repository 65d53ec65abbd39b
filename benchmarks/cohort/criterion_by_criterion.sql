-- What an analyst writes for the same fourteen criteria: a sub-query for each, joined to the persons; true, false, or null for unknown.
--
-- Tables of codes from peers.py: codelist (list, concept_id, sure: false for a wider code that may be meant), unit_factor (list, unit_id,
-- factor to the list's unit), plausible (list, low, high), value_set (list, code), toxicity (concept_id, grade).
WITH persons AS (
    SELECT person_id, make_date(year_of_birth, month_of_birth, day_of_birth) AS birth FROM person
), coverage AS (
    -- Two periods that meet are one.
    SELECT person_id, min(since) AS since
    FROM (
        SELECT p.person_id, coalesce(q.observation_period_start_date, p.observation_period_start_date) AS since
        FROM observation_period p
        LEFT JOIN observation_period q
            ON q.person_id = p.person_id AND q.observation_period_end_date = p.observation_period_start_date - 1
        WHERE DATE '2025-06-25' BETWEEN p.observation_period_start_date AND p.observation_period_end_date
    )
    GROUP BY person_id
), treatments AS (
    SELECT person_id, drug_concept_id AS concept_id, drug_exposure_start_date AS began, drug_exposure_end_date IS NOT NULL AS ended,
           CASE WHEN drug_exposure_end_date > drug_exposure_start_date THEN drug_exposure_end_date ELSE drug_exposure_start_date END AS over
    FROM drug_exposure
    UNION ALL
    SELECT person_id, procedure_concept_id, procedure_date, TRUE, procedure_date FROM procedure_occurrence
), i07 AS (
    SELECT person_id, bool_or(sure AND over > DATE '2025-06-30' - gap) AS violated,
           bool_or(over > DATE '2025-06-30' - gap OR NOT ended) AS open
    FROM (SELECT *, CASE list WHEN 'Nitrosourea' THEN 42 ELSE 21 END AS gap FROM treatments JOIN codelist USING (concept_id))
    WHERE list IN ('Myelosuppressive chemotherapy', 'Nitrosourea') AND began <= DATE '2025-06-30'
    GROUP BY person_id
), i08 AS (
    SELECT person_id, bool_or(sure AND over > DATE '2025-06-02') AS violated, bool_or(over > DATE '2025-06-02' OR NOT ended) AS open,
           bool_or(sure) AS given
    FROM treatments JOIN codelist USING (concept_id)
    WHERE list IN ('Investigational drug', 'Non-chemotherapy anticancer therapy') AND began <= DATE '2025-06-30'
    GROUP BY person_id
), i09 AS (
    SELECT person_id, bool_or(sure AND over > DATE '2025-06-30' - gap) AS violated,
           bool_or(over > DATE '2025-06-30' - gap OR NOT ended) AS open
    FROM (SELECT *, CASE list WHEN 'Long-acting growth factor' THEN 14 ELSE 3 END AS gap FROM treatments JOIN codelist USING (concept_id))
    WHERE list IN ('Long-acting growth factor', 'Short-acting growth factor') AND began <= DATE '2025-06-30'
    GROUP BY person_id
), i10 AS (
    SELECT person_id, bool_or(sure AND over > DATE '2025-06-30' - gap) AS violated,
           bool_or(over > DATE '2025-06-30' - gap OR NOT ended) AS open,
           bool_or(list = 'Other local radiotherapy' AND sure AND over > DATE '2025-05-19') AS field_violated,
           bool_or(list = 'Other local radiotherapy' AND (over > DATE '2025-05-19' OR NOT ended)) AS field_open
    FROM (SELECT *, CASE list WHEN 'Substantial marrow irradiation' THEN 42 ELSE 14 END AS gap FROM treatments JOIN codelist USING (concept_id))
    WHERE list IN ('Small-port palliative radiotherapy', 'Substantial marrow irradiation', 'Other local radiotherapy')
        AND began <= DATE '2025-06-30'
    GROUP BY person_id
), i11 AS (
    SELECT person_id,
           bool_or(list = 'Stem cell transplantation without TBI' AND sure AND over > DATE '2025-05-05') AS violated,
           bool_or(list = 'Stem cell transplantation without TBI' AND (over > DATE '2025-05-05' OR NOT ended)) AS open,
           bool_or(list = 'Allogeneic stem cell transplantation' AND sure) AS allogeneic,
           bool_or(list = 'Allogeneic stem cell transplantation') AS maybe_allogeneic,
           bool_or(list = 'Stem cell transplantation with TBI' AND sure) AS irradiated,
           bool_or(list = 'Stem cell transplantation with TBI') AS maybe_irradiated,
           bool_or(list = 'Systemic GvHD treatment' AND sure AND over > DATE '2025-06-29') AS treated,
           bool_or(list = 'Systemic GvHD treatment' AND (over > DATE '2025-06-29' OR NOT ended)) AS maybe_treated
    FROM treatments JOIN codelist USING (concept_id)
    WHERE list IN ('Stem cell transplantation without TBI', 'Allogeneic stem cell transplantation', 'Stem cell transplantation with TBI',
                   'Systemic GvHD treatment') AND began <= DATE '2025-06-30'
    GROUP BY person_id
), treated AS (
    SELECT person_id, bool_or(sure) AS surely
    FROM treatments JOIN codelist USING (concept_id)
    WHERE list IN ('Cancer surgery', 'Chemotherapy', 'Radiotherapy', 'Stem cell transplantation') AND began <= DATE '2025-06-25'
    GROUP BY person_id
), statements AS (
    SELECT person_id, list, observation_date AS day, observation_id AS id, value_as_number AS number, value_as_string AS code,
           CASE value_as_concept_id WHEN 4188539 THEN TRUE WHEN 4188540 THEN FALSE END AS answer
    FROM observation JOIN codelist ON observation_concept_id = concept_id
), consent AS (
    SELECT person_id, max(day) AS day FROM statements WHERE list = 'Informed consent' AND day <= DATE '2025-06-25' GROUP BY person_id
), performance AS (
    SELECT person_id, max(day) AS day FROM statements WHERE list IN ('Karnofsky', 'Lansky') AND day <= DATE '2025-06-25' GROUP BY person_id
), karnofsky AS (
    SELECT person_id, number >= 50 AS enough, TRUE AS recorded FROM statements
    WHERE list = 'Karnofsky' AND day BETWEEN DATE '2025-06-18' AND DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), lansky AS (
    SELECT person_id, number >= 50 AS enough, TRUE AS recorded FROM statements
    WHERE list = 'Lansky' AND day BETWEEN DATE '2025-06-18' AND DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), histology AS (
    SELECT person_id, s.code IN (SELECT code FROM value_set WHERE list = 'sarcoma_for_review') AS for_review,
           CASE WHEN s.code IN (SELECT code FROM value_set WHERE list IN ('soft_tissue_sarcoma', 'sarcoma_for_review')) THEN TRUE
                WHEN regexp_full_match(s.code, '\d{4}/\d') THEN FALSE END AS is_sarcoma
    FROM statements s WHERE list = 'Histology' AND day <= DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), site AS (
    SELECT person_id, CASE WHEN s.code IN (SELECT code FROM value_set WHERE list = 'bone_site') THEN TRUE
                           WHEN regexp_full_match(s.code, 'C\d\d(\.\d)?') THEN FALSE END AS is_bone
    FROM statements s WHERE list = 'Primary site' AND day <= DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), status AS (
    SELECT person_id, s.code IN (SELECT code FROM value_set WHERE list IN ('high_risk_relapsed_or_refractory', 'status_for_review')) AS fits,
           s.code IN (SELECT code FROM value_set WHERE list = 'status_for_review') AS for_review
    FROM statements s WHERE list = 'Disease status' AND day <= DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), confirmed AS (
    SELECT person_id, answer FROM statements WHERE list = 'Clinically confirmed diagnosis' AND day <= DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), reported AS (
    SELECT DISTINCT person_id, TRUE AS recorded FROM statements WHERE list = 'Histology report' AND day <= DATE '2025-06-25'
), life AS (
    SELECT person_id, number >= 12 AS enough FROM statements
    WHERE list = 'Life expectancy' AND day BETWEEN DATE '2025-05-28' AND DATE '2025-06-25'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), recovered AS (
    SELECT person_id, answer FROM statements
    WHERE list = 'Recovered from prior therapy' AND day BETWEEN DATE '2025-06-02' AND DATE '2025-06-30'
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), toxic AS (
    SELECT DISTINCT person_id, TRUE AS remains
    FROM (
        SELECT person_id, value_as_number AS number, grade FROM observation JOIN toxicity ON observation_concept_id = concept_id
        WHERE observation_date <= DATE '2025-06-25'
        QUALIFY row_number() OVER (PARTITION BY person_id, observation_concept_id ORDER BY observation_date DESC, observation_id DESC) = 1
    )
    WHERE number IS NULL OR number > grade
), conditions AS (
    -- A condition's rows come before a statement of the same day.
    SELECT person_id, list, concept_id, condition_start_date AS day, 1 AS place, condition_occurrence_id AS id, TRUE AS answer,
           CASE WHEN condition_end_date > condition_start_date THEN condition_end_date WHEN condition_end_date IS NOT NULL THEN condition_start_date END AS over
    FROM condition_occurrence JOIN codelist ON condition_concept_id = concept_id
    UNION ALL
    SELECT person_id, list, NULL, day, 2, id, answer, NULL FROM statements
), gvhd AS (
    SELECT person_id, coalesce(arg_max(answer, (day, place, id)) FILTER (WHERE over IS NULL OR over > DATE '2025-06-30'),
                               CASE WHEN bool_or(over <= DATE '2025-06-30' AND concept_id IN (SELECT concept_id FROM codelist WHERE list = 'GvHD itself'))
                                    THEN FALSE END) AS present
    FROM conditions WHERE list = 'Graft versus host disease' AND day BETWEEN DATE '2025-06-02' AND DATE '2025-06-30'
    GROUP BY person_id
), marrow AS (
    SELECT person_id, coalesce(arg_max(answer, (day, place, id)) FILTER (WHERE over IS NULL OR over > DATE '2025-06-25'), FALSE) AS present
    FROM conditions WHERE list = 'Bone marrow involvement' AND day BETWEEN DATE '2025-05-28' AND DATE '2025-06-25'
    GROUP BY person_id
), liver AS (
    SELECT person_id, coalesce(arg_max(answer, (day, place, id)) FILTER (WHERE over IS NULL OR over > DATE '2025-06-25'), FALSE) AS present
    FROM conditions WHERE list = 'Liver metastasis' AND day BETWEEN DATE '2025-05-28' AND DATE '2025-06-25'
    GROUP BY person_id
), results AS (
    -- Numbers in the list's unit as bounds, since some are "< 5"; an implausible one says nothing.
    SELECT person_id, m.list, day, id, sign, CASE WHEN plausible AND sign NOT IN (4171756, 4171754) THEN round(number, 6) END AS low,
           CASE WHEN plausible AND sign NOT IN (4171755, 4172704) THEN round(number, 6) END AS high, limit_high
    FROM (
        SELECT person_id, c.list, measurement_date AS day, measurement_id AS id, coalesce(operator_concept_id, 0) AS sign,
               value_as_number * factor AS number,
               (value_as_number * factor >= p.low OR coalesce(operator_concept_id, 0) IN (4171755, 4172704))
               AND (value_as_number * factor <= p.high OR coalesce(operator_concept_id, 0) IN (4171756, 4171754)) AS plausible,
               CASE WHEN range_high > 0 AND range_high * factor BETWEEN p.low AND p.high THEN range_high * factor END AS limit_high
        FROM measurement
        JOIN codelist c ON measurement_concept_id = c.concept_id
        JOIN plausible p ON p.list = c.list
        LEFT JOIN unit_factor u ON u.list = c.list AND u.unit_id = unit_concept_id
        WHERE measurement_date BETWEEN DATE '2025-06-18' AND DATE '2025-06-25'
    ) m
), neutrophils AS (
    SELECT person_id, CASE WHEN low >= 1.0 THEN TRUE WHEN high < 1.0 OR (high = 1.0 AND sign = 4171756) THEN FALSE END AS enough,
           CASE WHEN low >= 0.5 THEN TRUE WHEN high < 0.5 OR (high = 0.5 AND sign = 4171756) THEN FALSE END AS half
    FROM results WHERE list = 'ANC' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), platelets AS (
    SELECT person_id, CASE WHEN low >= 75 THEN TRUE WHEN high < 75 OR (high = 75 AND sign = 4171756) THEN FALSE END AS enough,
           CASE WHEN low >= 20 THEN TRUE WHEN high < 20 OR (high = 20 AND sign = 4171756) THEN FALSE END AS some
    FROM results WHERE list = 'Platelet count' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), bilirubin AS (
    SELECT person_id, CASE WHEN high <= round(1.5 * limit_high, 6) THEN TRUE
                           WHEN low > round(1.5 * limit_high, 6) OR (low = round(1.5 * limit_high, 6) AND sign = 4172704) THEN FALSE END AS fine
    FROM results WHERE list = 'Total bilirubin' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), creatinine AS (
    SELECT person_id, CASE WHEN high <= round(1.5 * limit_high, 6) THEN TRUE
                           WHEN low > round(1.5 * limit_high, 6) OR (low = round(1.5 * limit_high, 6) AND sign = 4172704) THEN FALSE END AS fine
    FROM results WHERE list = 'Creatinine' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), direct AS (
    SELECT person_id, CASE WHEN high <= round(limit_high, 6) THEN TRUE
                           WHEN low > round(limit_high, 6) OR (low = round(limit_high, 6) AND sign = 4172704) THEN FALSE END AS fine, TRUE AS recorded
    FROM results WHERE list = 'Direct bilirubin' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), alt AS (
    SELECT person_id, CASE WHEN high <= round(3 * limit_high, 6) THEN TRUE
                           WHEN low > round(3 * limit_high, 6) OR (low = round(3 * limit_high, 6) AND sign = 4172704) THEN FALSE END AS fine,
           CASE WHEN high <= round(5 * limit_high, 6) THEN TRUE
                WHEN low > round(5 * limit_high, 6) OR (low = round(5 * limit_high, 6) AND sign = 4172704) THEN FALSE END AS relaxed
    FROM results WHERE list = 'ALT' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), ast AS (
    SELECT person_id, CASE WHEN high <= round(3 * limit_high, 6) THEN TRUE
                           WHEN low > round(3 * limit_high, 6) OR (low = round(3 * limit_high, 6) AND sign = 4172704) THEN FALSE END AS fine,
           CASE WHEN high <= round(5 * limit_high, 6) THEN TRUE
                WHEN low > round(5 * limit_high, 6) OR (low = round(5 * limit_high, 6) AND sign = 4172704) THEN FALSE END AS relaxed
    FROM results WHERE list = 'AST' QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY day DESC, id DESC) = 1
), joined AS (
    SELECT p.person_id, birth, since <= birth AS from_birth, CASE WHEN since <= birth THEN DATE '1900-01-01' ELSE since END AS since,
           consent.day AS consent, performance.day AS performance,
           karnofsky.enough AS karnofsky, coalesce(karnofsky.recorded, FALSE) AS has_karnofsky,
           lansky.enough AS lansky, coalesce(lansky.recorded, FALSE) AS has_lansky,
           is_sarcoma, histology.for_review AS sarcoma_review, is_bone, fits, status.for_review AS status_review, confirmed.answer AS confirmed,
           coalesce(reported.recorded, FALSE) AS reported, treated.surely AS treated, life.enough AS life, coalesce(toxic.remains, FALSE) AS toxic,
           coalesce(i07.violated, FALSE) AS i07_violated, coalesce(i07.open, FALSE) AS i07_open,
           coalesce(i08.violated, FALSE) AS i08_violated, coalesce(i08.open, FALSE) AS i08_open, i08.given, recovered.answer AS recovered,
           coalesce(i09.violated, FALSE) AS i09_violated, coalesce(i09.open, FALSE) AS i09_open,
           coalesce(i10.violated, FALSE) AS i10_violated, coalesce(i10.open, FALSE) AS i10_open,
           coalesce(field_violated, FALSE) AS field_violated, coalesce(field_open, FALSE) AS field_open,
           coalesce(i11.violated, FALSE) AS i11_violated, coalesce(i11.open, FALSE) AS i11_open,
           coalesce(allogeneic, FALSE) AS allogeneic, coalesce(maybe_allogeneic, FALSE) AS maybe_allogeneic,
           coalesce(irradiated, FALSE) AS irradiated, coalesce(maybe_irradiated, FALSE) AS maybe_irradiated,
           coalesce(i11.treated, FALSE) AS gvhd_treated, coalesce(maybe_treated, FALSE) AS maybe_gvhd_treated, gvhd.present AS gvhd,
           marrow.present AS marrow, marrow.person_id IS NOT NULL AS marrow_recorded, liver.present AS liver,
           neutrophils.enough AS neutrophils, neutrophils.half AS neutrophils_half, platelets.enough AS platelets, platelets.some AS platelets_20,
           bilirubin.fine AS bilirubin, creatinine.fine AS creatinine, direct.fine AS direct, coalesce(direct.recorded, FALSE) AS has_direct,
           alt.fine AS alt, alt.relaxed AS alt_5, ast.fine AS ast, ast.relaxed AS ast_5
    FROM persons p
    LEFT JOIN coverage USING (person_id) LEFT JOIN consent USING (person_id) LEFT JOIN performance USING (person_id)
    LEFT JOIN karnofsky USING (person_id) LEFT JOIN lansky USING (person_id) LEFT JOIN histology USING (person_id)
    LEFT JOIN site USING (person_id) LEFT JOIN status USING (person_id) LEFT JOIN confirmed USING (person_id)
    LEFT JOIN reported USING (person_id) LEFT JOIN treated USING (person_id) LEFT JOIN life USING (person_id) LEFT JOIN toxic USING (person_id)
    LEFT JOIN i07 USING (person_id) LEFT JOIN i08 USING (person_id) LEFT JOIN recovered USING (person_id) LEFT JOIN i09 USING (person_id)
    LEFT JOIN i10 USING (person_id) LEFT JOIN i11 USING (person_id) LEFT JOIN gvhd USING (person_id) LEFT JOIN marrow USING (person_id)
    LEFT JOIN liver USING (person_id) LEFT JOIN neutrophils USING (person_id) LEFT JOIN platelets USING (person_id)
    LEFT JOIN bilirubin USING (person_id) LEFT JOIN creatinine USING (person_id) LEFT JOIN direct USING (person_id)
    LEFT JOIN alt USING (person_id) LEFT JOIN ast USING (person_id)
), truths AS (
    SELECT *,
           CASE WHEN consent >= birth THEN consent < birth + INTERVAL 19 YEAR
                WHEN consent IS NULL AND DATE '2025-06-25' < birth + INTERVAL 19 YEAR THEN TRUE END AS young,
           DATE '2025-06-25' < birth + INTERVAL 2 YEAR AND
           CASE WHEN consent >= birth THEN consent < birth + INTERVAL 1 YEAR
                WHEN consent IS NULL AND DATE '2025-06-25' < birth + INTERVAL 1 YEAR THEN TRUE END AS infant,
           DATE '2025-06-25' < birth + INTERVAL 1 YEAR AS baby,
           CASE WHEN performance >= birth THEN performance >= birth + INTERVAL 16 YEAR
                WHEN performance IS NULL AND DATE '2025-06-25' < birth + INTERVAL 16 YEAR THEN FALSE END AS sixteen,
           is_sarcoma AND NOT is_bone AND fits AND confirmed
               AND CASE WHEN treated THEN TRUE WHEN treated IS NULL AND from_birth THEN FALSE END AS i04,
           CASE WHEN NOT toxic AND since <= DATE '2025-06-25' THEN TRUE END AS i06,
           CASE WHEN i07_violated THEN FALSE WHEN NOT i07_open AND since <= DATE '2025-05-19' THEN TRUE END AS i07,
           CASE WHEN i08_violated THEN FALSE WHEN NOT i08_open AND since <= DATE '2025-06-02' THEN TRUE END
               AND (NOT CASE WHEN given THEN TRUE WHEN given IS NULL AND from_birth THEN FALSE END OR recovered) AS i08,
           CASE WHEN i09_violated THEN FALSE WHEN NOT i09_open AND since <= DATE '2025-06-16' THEN TRUE END AS i09,
           CASE WHEN i10_violated THEN FALSE WHEN NOT i10_open AND since <= DATE '2025-05-19' THEN TRUE END AS i10,
           CASE WHEN field_violated THEN FALSE WHEN NOT field_open AND since <= DATE '2025-05-19' THEN TRUE END AS field_42,
           CASE WHEN i11_violated THEN FALSE WHEN NOT i11_open AND since <= DATE '2025-05-05' THEN TRUE END
               AND (NOT CASE WHEN allogeneic THEN TRUE WHEN NOT maybe_allogeneic AND from_birth THEN FALSE END
                    OR (NOT gvhd AND CASE WHEN gvhd_treated THEN FALSE WHEN NOT maybe_gvhd_treated AND since <= DATE '2025-06-25' THEN TRUE END)) AS i11,
           CASE WHEN irradiated THEN TRUE WHEN NOT maybe_irradiated AND from_birth THEN FALSE END AS with_tbi,
           CASE WHEN marrow THEN neutrophils_half WHEN NOT marrow THEN neutrophils WHEN neutrophils = neutrophils_half THEN neutrophils END AS i12a,
           CASE WHEN marrow THEN platelets_20 WHEN NOT marrow THEN platelets WHEN platelets = platelets_20 THEN platelets END AS i12b,
           bilirubin AND creatinine AS i12c,
           CASE WHEN liver THEN alt_5 WHEN NOT liver THEN alt WHEN alt = alt_5 THEN alt END
               AND CASE WHEN liver THEN ast_5 WHEN NOT liver THEN ast WHEN ast = ast_5 THEN ast END AS i12d
    FROM joined
), reviewed AS (
    SELECT *, CASE WHEN sixteen THEN karnofsky WHEN NOT sixteen THEN lansky WHEN karnofsky = lansky THEN karnofsky END AS i03,
           baby OR (NOT sixteen AND has_karnofsky AND NOT has_lansky) OR (sixteen AND has_lansky AND NOT has_karnofsky) AS i03_review,
           i04 AND (sarcoma_review OR status_review OR NOT reported) AS i04_review,
           i10 AND NOT field_42 AS i10_review, i11 AND with_tbi AS i11_review,
           NOT marrow_recorded AND NOT neutrophils AND neutrophils_half AS i12a_review,
           NOT marrow_recorded AND NOT platelets AND platelets_20 AS i12b_review,
           NOT bilirubin AND has_direct AND direct AND creatinine AS i12c_review
    FROM truths
)
-- 0 met, 1 not met, 2 unknown, 3 for a person to decide.
SELECT person_id,
       (CASE WHEN infant THEN 3 WHEN infant IS NULL OR young IS NULL THEN 2 WHEN young THEN 0 ELSE 1 END)::UTINYINT AS I02,
       (CASE WHEN i03_review THEN 3 WHEN i03_review IS NULL OR i03 IS NULL THEN 2 WHEN i03 THEN 0 ELSE 1 END)::UTINYINT AS I03,
       (CASE WHEN i04_review THEN 3 WHEN i04_review IS NULL OR i04 IS NULL THEN 2 WHEN i04 THEN 0 ELSE 1 END)::UTINYINT AS I04,
       (CASE WHEN life IS NULL THEN 2 WHEN life THEN 0 ELSE 1 END)::UTINYINT AS I05,
       (CASE WHEN i06 IS NULL THEN 2 WHEN i06 THEN 0 ELSE 1 END)::UTINYINT AS I06,
       (CASE WHEN i07 IS NULL THEN 2 WHEN i07 THEN 0 ELSE 1 END)::UTINYINT AS I07,
       (CASE WHEN i08 IS NULL THEN 2 WHEN i08 THEN 0 ELSE 1 END)::UTINYINT AS I08,
       (CASE WHEN i09 IS NULL THEN 2 WHEN i09 THEN 0 ELSE 1 END)::UTINYINT AS I09,
       (CASE WHEN i10_review THEN 3 WHEN i10_review IS NULL OR i10 IS NULL THEN 2 WHEN i10 THEN 0 ELSE 1 END)::UTINYINT AS I10,
       (CASE WHEN i11_review THEN 3 WHEN i11_review IS NULL OR i11 IS NULL THEN 2 WHEN i11 THEN 0 ELSE 1 END)::UTINYINT AS I11,
       (CASE WHEN i12a_review THEN 3 WHEN i12a_review IS NULL OR i12a IS NULL THEN 2 WHEN i12a THEN 0 ELSE 1 END)::UTINYINT AS I12a,
       (CASE WHEN i12b_review THEN 3 WHEN i12b_review IS NULL OR i12b IS NULL THEN 2 WHEN i12b THEN 0 ELSE 1 END)::UTINYINT AS I12b,
       (CASE WHEN i12c_review THEN 3 WHEN i12c_review IS NULL OR i12c IS NULL THEN 2 WHEN i12c THEN 0 ELSE 1 END)::UTINYINT AS I12c,
       (CASE WHEN i12d IS NULL THEN 2 WHEN i12d THEN 0 ELSE 1 END)::UTINYINT AS I12d
FROM reviewed
