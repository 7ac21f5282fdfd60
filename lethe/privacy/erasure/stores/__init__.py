"""One eraser per store (lethe.ports.personal_data.PersonalDataStore), over ports."""
