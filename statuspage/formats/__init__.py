"""How the console writes dates where a screen does not say so itself (`FORMAT_MODULE_PATH`)."""
