"""The demo: local targets that misbehave on schedule, what watches them, and a made-up past.

`targets` is the program `bin/up --demo` starts, `seeding` what `bin/manage seed_demo` calls.
"""
