"""Words as languages write them: spellings, forms, parts and compounds that count as one."""
