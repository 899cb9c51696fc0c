package dev.longitude.recipe;

/** A recipe uses a value that it has not saved on the way that a run takes: it cannot be carried out there. */
public final class UnsavedValueException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnsavedValueException(String name, int vcpu) {
        super("the value '" + name + "' of vCPU " + vcpu + " is used before it is saved");
    }
}
