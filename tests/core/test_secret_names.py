"""Which names say that a parameter is secret, as a table."""

from __future__ import annotations

import pytest

from jupyter_dagflow.core.secret_names import is_secret_name

SECRET = """
password passwd pwd passphrase db_password password2 password_prod PASSWORD dbPassword smtp_pwd
secret secrets client_secret secret_value token api_token github_token access_token token_1 hf_token accessToken
api_tokens api_key apikey API_KEY apiKey openai_api_key aws_secret_access_key private_key ssh_key signing_key
credential credentials db_credentials creds
"""
OPEN = """
n name value author keyword keys key primary_key foreign_key sort_key monkey compass secretary passwordless
tokenizer tokenize tokens n_tokens max_tokens num_tokens total_tokens token_count token_ids token_type_ids token_limit
eos_token pad_token next_token start_token tokens_per_second token_embedding
password_file password_length secret_name token_url token_path key_name access_key_id api_key_header token_expiry
has_password is_secret use_token require_password passes bypass pass_rate
"""


@pytest.mark.parametrize("name", SECRET.split())
def test_a_name_that_says_so_is_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OPEN.split())
def test_a_name_that_is_only_about_secrets_is_not(name: str) -> None:
    assert not is_secret_name(name)
