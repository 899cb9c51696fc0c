package dev.longitude.lab;

/** The probe or the lab cannot run here. The message says what is missing. */
public final class LabException extends Exception {
    private static final long serialVersionUID = 1L;

    LabException(String message) {
        super(message);
    }
}
