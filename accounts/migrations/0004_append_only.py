"""Triggers that keep the audit log append-only (reliability F14).

They refuse every DELETE, and every UPDATE but one: the redaction, which blanks the text of an entry
once and touches nothing else. Not reversible on purpose: going back would open the log.

A later migration that alters this table on SQLite makes the table anew and loses the triggers: it
has to run `install` again.
"""

from django.db import migrations

TABLE = "accounts_auditentry"
BLANKED = ("object_repr", "serialized_data", "changes_text", "changes", "additional_data")
KEPT = (
    "id",
    "content_type_id",
    "object_pk",
    "object_id",
    "action",
    "actor_id",
    "actor_name",
    "actor_email",
    "cid",
    "remote_addr",
    "remote_port",
    "timestamp",
)
BLANK = """
    OLD.redacted_at IS NULL AND NEW.redacted_at IS NOT NULL
    AND NEW.object_repr = '' AND NEW.changes_text = '' AND NEW.changes IS NULL
    AND NEW.serialized_data IS NULL AND NEW.additional_data IS NULL
"""
REFUSAL = "The audit log is append-only."

SQLITE = {
    "audit_no_update": f"""
        CREATE TRIGGER audit_no_update BEFORE UPDATE ON {TABLE}
        WHEN NOT ({BLANK} AND {" AND ".join(f"NEW.{name} IS OLD.{name}" for name in KEPT)})
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
    "audit_no_delete": f"""
        CREATE TRIGGER audit_no_delete BEFORE DELETE ON {TABLE}
        BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
    """,
}
SAME = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in KEPT)
POSTGRESQL = f"""
    CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF {BLANK} AND {SAME} THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    DROP TRIGGER IF EXISTS audit_append_only ON {TABLE};
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
"""


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
        return
    for name, statement in SQLITE.items():
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_audit_log")]

    operations = [migrations.RunPython(install)]
