"""What several apps need and no app owns: egress rules, sealed secrets, time spans."""
