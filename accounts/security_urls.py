"""Addresses of one's own second factor, below the console; the names are those allauth asks for."""

from django.urls import path

from accounts import security_views as views

urlpatterns = [
    path("", views.index, name="mfa_index"),
    path("second-step/", views.authenticate, name="mfa_authenticate"),
    path("again/password/", views.password, name="account_reauthenticate"),
    path("again/code/", views.code, name="mfa_reauthenticate"),
    path("again/passkey/", views.passkey, name="mfa_reauthenticate_webauthn"),
    path("app/connect/", views.connect_app, name="mfa_activate_totp"),
    path("app/disconnect/", views.disconnect_app, name="mfa_deactivate_totp"),
    path("passkeys/add/", views.add_passkey, name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", views.remove_passkey, name="mfa_remove_webauthn"),
    path("codes/", views.codes, name="mfa_view_recovery_codes"),
    path("codes/new/", views.new_codes, name="mfa_generate_recovery_codes"),
    path("log-out-everywhere/", views.log_out_everywhere, name="log_out_everywhere"),
]
