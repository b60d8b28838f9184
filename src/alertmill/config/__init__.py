"""ossec.conf and the internal options as values: `ossec_conf.read_config` reads them, `models` says what they are."""
