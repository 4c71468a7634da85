"""The Kubeflow face of notify; it runs when everything else has ended, however it ended."""

from kfp import dsl

from sluice_components.image import IMAGE


@dsl.component(base_image=IMAGE, install_kfp_package=False)  # type: ignore[untyped-decorator]
def notify(pipeline: str, event: bool, status: dsl.PipelineTaskFinalStatus) -> str:
    """Tell how the run ended; what became of the messages."""
    from sluice_components.notify.stage import notify_plain

    facts = {
        "pipeline_job_resource_name": status.pipeline_job_resource_name,
        "state": status.state,
        "error_message": status.error_message,
    }
    return notify_plain(pipeline, facts, event)
