"""Floor 8: profiles (TOML) and environment variables, validated into the structs that each package declares."""
